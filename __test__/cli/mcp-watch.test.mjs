/** `toolwarden mcp --watch`: the tools follow their sources, and clients are told. */

import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { LoggingMessageNotificationSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'

import { ReloadingManager } from '../../js/cli/mcp/reloading-manager.js'
import { environment, startCli } from '../support/cli.mjs'
import { logCollector } from '../support/logs.mjs'
import { isRunning, processEnd } from '../support/processes.mjs'
import { bounded, until } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const BIN = fileURLToPath(new URL('../../js/cli/bin.js', import.meta.url))

/** Tools of a version; `slow` answers when a file is there. */
const source = (version, ...more) => `import { existsSync } from 'node:fs'
export const version = () => '${version}'
export const pid = () => process.pid
export async function slow({ file }) {
  console.log('slow began')
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5))
  return '${version}'
}
${more.join('\n')}`

/** Puts a new file into the place of the old one: one change, and nobody can read half of it. */
function replace(project, name, text) {
  project.write('next.tmp', text)
  renameSync(project.path('next.tmp'), project.path(name))
}

describe('toolwarden mcp --watch', () => {
  const bench = workbench()

  /** A client that counts what it is told. */
  async function connect(transport) {
    const client = new Client({ name: 'test', version: '1' })
    let told = 0
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void told++)
    await client.connect(transport)
    const text = async (name, args = {}) => (await client.callTool({ name, arguments: args })).content[0].text
    const names = async () => (await client.listTools()).tools.map(({ name }) => name).toSorted()
    return { client, text, names, told: () => told }
  }

  async function overStdio(project, ...flags) {
    const args = [BIN, 'mcp', 'tools.ts', '--watch', ...flags]
    const transport = new StdioClientTransport({ command: process.execPath, args, cwd: project.dir, env: environment({ XDG_CONFIG_HOME: project.path('home') }), stderr: 'pipe' })
    const err = logCollector()
    let rest = ''
    transport.stderr.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) err.add({ stream: 'stderr', text: line })
    })
    return { ...(await connect(transport)), err, transport }
  }

  test('loads a changed entrypoint and tells the client, however the file was replaced.', async () => {
    const project = bench.project({ files: { 'tools.ts': source('one') } })
    const { client, text, names, told, err, transport } = await overStdio(project)
    assert.equal(client.getServerCapabilities().tools.listChanged, true)
    assert.equal(await text('version'), 'one')
    // Written in place: it may be loaded half written first.
    project.write('tools.ts', source('two', 'export const added = () => 1'))
    await until(async () => (await names()).includes('added'), 'the new tools')
    assert.deepEqual(await names(), ['added', 'pid', 'slow', 'version'])
    assert.equal(await text('version'), 'two')
    await err.line(/^loaded tools\.ts again: 4 tools$/)
    const before = told()
    assert.ok(before > 0)
    replace(project, 'tools.ts', source('three'))
    await until(() => told() === before + 1, 'the client to be told again')
    assert.deepEqual([await text('version'), await names()], ['three', ['pid', 'slow', 'version']])
    const { pid } = transport
    await client.close()
    await processEnd(pid)
  })

  test('serves on what loaded last while the sources do not load, and says why.', async () => {
    const project = bench.project({ files: { 'tools.ts': "export { version } from './version.ts'", 'version.ts': "export const version = () => 'one'" } })
    const { client, text, told, err } = await overStdio(project)
    replace(project, 'tools.ts', 'throw new Error("half written")')
    await err.line(/^error: .*half written/)
    await err.line(/^the tools from before the change are still served$/)
    assert.deepEqual([await text('version'), told()], ['one', 0])
    // A module beside the entrypoint counts too.
    replace(project, 'tools.ts', "export { version } from './version.ts'")
    await until(() => told() === 1, 'the client to be told')
    replace(project, 'version.ts', "export const version = () => 'two'")
    await until(() => told() === 2, 'the client to be told again')
    assert.equal(await text('version'), 'two')
    await client.close()
  })

  test('lets running calls end in the version in which they began, and leaves none of its processes.', async () => {
    const project = bench.project({ files: { 'tools.ts': source('one') } })
    const { client, text, told } = await overStdio(project)
    const before = Number(await text('pid'))
    const began = new Promise((resolve) => {
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => params.data === 'slow began' && resolve(undefined))
    })
    const running = text('slow', { file: project.path('go') })
    await bounded(began, 'the call to begin')
    replace(project, 'tools.ts', source('two'))
    await until(() => told() === 1, 'the client to be told')
    assert.equal(await text('version'), 'two')
    project.write('go', '')
    assert.equal(await bounded(running, 'the running call'), 'one')
    const now = Number(await text('pid'))
    await client.close()
    await Promise.all([processEnd(before), processEnd(now)])
    assert.ok(!isRunning(before) && !isRunning(now))
  })

  test('does not trust a settings file that changes, even where --trust was given.', async () => {
    const project = bench.project({ files: { 'tools.ts': source('one'), 'toolwarden.json': '{"bunPermissions":["--allow-read","--allow-net"]}' } })
    const { client, text, told, err } = await overStdio(project, '--trust')
    replace(project, 'toolwarden.json', '{"bunPermissions":["--allow-all"]}')
    await err.line(/^error: .*toolwarden\.json would give the tools more than the defaults do:$/)
    await err.line(/^the tools from before the change are still served$/)
    assert.deepEqual([await text('version'), told()], ['one', 0])
    await client.close()
  })

  test('tells every client of an HTTP server, and ends with Ctrl-C.', async () => {
    const project = bench.project({ files: { 'tools.ts': source('one') } })
    const started = startCli(['mcp', 'tools.ts', '--watch', '--http', '0'], { cwd: project.dir })
    const { text: url } = await started.err.line(/^http:/)
    const clients = await Promise.all([0, 1].map(() => connect(new StreamableHTTPClientTransport(new URL(url)))))
    let changes = 0
    // The stream for notifications opens after the connection: until it is there, nobody can be told.
    await until(async () => {
      replace(project, 'tools.ts', source(`change ${++changes}`))
      await started.err.until((all) => all.filter(({ text }) => text.startsWith('loaded ')).length >= changes, `change ${changes}`)
      return clients.every(({ told }) => told() > 0)
    }, 'both clients to be told')
    assert.match(await clients[0].text('version'), /^change \d+$/)
    started.child.kill('SIGINT')
    const { code, stdout } = await started.ended()
    assert.deepEqual([code, stdout], [130, ''])
    await Promise.all(clients.map(({ client }) => client.close()))
  })

  test('is kept by --print-config.', async () => {
    const { dir } = bench.project({ files: { 'tools.ts': source('one') } })
    const { stdout } = await startCli(['mcp', 'tools.ts', '--watch', '--print-config'], { cwd: dir, input: '' }).ended()
    assert.match(stdout, /"--watch"/)
  })
})

describe('a manager that is loaded again', () => {
  /** A manager over tools that are listed when `listed` resolves. */
  function fake(name, listed = Promise.resolve()) {
    const closes = []
    const listTools = async () => {
      await listed
      return [{ id: name }]
    }
    return { closes, listTools, executeTool: async () => name, close: async (options) => void closes.push(options) }
  }

  test('lists the new tools to who asked the old one while it was closed.', async () => {
    let reject
    const listed = new Promise((_, refuse) => {
      reject = refuse
    })
    const reloading = new ReloadingManager(fake('old', listed), () => fake('new'))
    const asked = reloading.listTools()
    assert.equal(await reloading.reload(), 1)
    reject(new Error('closed'))
    assert.deepEqual(await asked, [{ id: 'new' }])
  })

  test('closes a version that does not load at once, and the others at the end; later reloads do nothing.', async () => {
    const first = fake('first')
    const versions = [fake('broken', Promise.reject(new Error('does not load'))), fake('second')]
    const made = [...versions]
    const reloading = new ReloadingManager(first, () => made.shift())
    await assert.rejects(reloading.reload(), /does not load/)
    assert.deepEqual([versions[0].closes, await reloading.executeTool()], [[{ force: true }], 'first'])
    await reloading.reload()
    assert.deepEqual([first.closes, await reloading.executeTool()], [[{}], 'second'])
    await reloading.close()
    assert.deepEqual(versions[1].closes, [{ force: true }])
    assert.equal(await reloading.reload(), undefined)
  })
})
