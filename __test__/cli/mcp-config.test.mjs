/** `toolwarden mcp --print-config`: each configuration starts a server that works, from any directory. */

import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import process from 'node:process'
import { describe, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

import { serverName } from '../../js/cli/mcp/client-configs.js'
import { cli } from '../support/cli.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { workbench } from '../support/workbench.mjs'

const TOOLS = `import { readFileSync } from 'node:fs'
export const read = ({ path }) => readFileSync(path, 'utf8')
export const variable = ({ name }) => process.env[name] ?? 'none'`

/** By client: title and configuration. */
function parsed(stdout) {
  const blocks = stdout.trimEnd().split('\n\n').map((block) => [block.slice(0, block.indexOf('\n')), JSON.parse(block.slice(block.indexOf('\n')))])
  return Object.fromEntries(blocks.map(([title, config]) => [title.split(':')[0], { title, config }]))
}

describe('toolwarden mcp --print-config', () => {
  const bench = workbench()

  /** Starts a server as a client does: elsewhere, with few variables. */
  async function connected({ command, args, env }) {
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(new StdioClientTransport({ command, args, env: { HOME: tmpdir(), ...env }, cwd: '/', stderr: 'pipe' }))
    return client
  }

  test('prints a configuration for each client, in its form.', needsSandbox, async () => {
    const project = bench.project({ files: { 'tools.ts': TOOLS } })
    const { code, stdout, stderr } = await cli(['mcp', 'tools.ts', '--print-config'], { cwd: project.dir })
    assert.deepEqual([code, stderr], [0, ''])
    const configs = parsed(stdout)
    const name = basename(project.dir)
    const server = { command: process.execPath, args: configs['Claude Desktop'].config.mcpServers[name].args }
    const typed = { type: 'stdio', ...server }
    assert.deepEqual(configs['Claude Desktop'].config, { mcpServers: { [name]: server } })
    assert.deepEqual(configs['Claude Code'].config, { mcpServers: { [name]: typed } })
    assert.deepEqual(configs['VS Code'].config, { servers: { [name]: typed } })
    assert.deepEqual(configs.Cursor.config, { mcpServers: { [name]: server } })
    assert.match(configs['VS Code'].title, /\.vscode\/mcp\.json/)
    assert.equal(Object.keys(configs).length, 4)
  })

  test('prints what starts the same server elsewhere: directory, flags and variables are kept.', needsSandbox, async () => {
    const project = bench.project({ files: { 'sub/tools.ts': TOOLS, 'data/in.txt': 'in', 'kept/out.txt': 'out' } })
    const given = ['mcp', 'sub/tools.ts', '--print-config', '--allow-read=./data', '--timeout', '20s', '--runtime', 'bun']
    const { code, stdout, stderr } = await cli(given, { cwd: project.dir, env: { TOOLWARDEN_MAX_WORKERS: '3', TOOLWARDEN_TRACE: '' } })
    assert.equal(code, 0, stderr)
    const [server] = Object.values(parsed(stdout)['Claude Desktop'].config.mcpServers)
    assert.deepEqual(server.env, { TOOLWARDEN_MAX_WORKERS: '3' })
    assert.deepEqual(server.args.slice(-5), ['--timeout', '20s', '--runtime', 'bun', '--allow-read=./data'])
    const client = await connected(server)
    const read = (path) => client.callTool({ name: 'read', arguments: { path } })
    assert.equal((await read('data/in.txt')).content[0].text, 'in')
    const denied = await read('kept/out.txt')
    assert.equal(denied.isError, true)
    assert.match(denied.content[0].text, /denied read access to .*kept\/out\.txt/)
    await client.close()
  })

  test('leaves consent out: a file that changes later is asked about.', async () => {
    const project = bench.project({ files: { 'tools.ts': TOOLS, 'toolwarden.json': '{"bunPermissions":["--allow-read","--allow-net"]}' } })
    const env = { XDG_CONFIG_HOME: project.path('home') }
    const print = (...flags) => cli(['mcp', 'tools.ts', '--print-config', ...flags], { cwd: project.dir, env })
    const asked = await print()
    assert.match(asked.stderr, /^hint: .*`--trust`/m)
    assert.deepEqual([asked.code, asked.stdout], [2, ''])
    const trusted = await print('--trust')
    assert.equal(trusted.code, 0)
    assert.doesNotMatch(trusted.stdout, /--trust/)
  })

  test('names a server by its directory, in letters that every client takes.', () => {
    assert.equal(serverName('my tools (v2)'), 'my-tools-v2')
    assert.equal(serverName('under_score-1'), 'under_score-1')
    assert.equal(serverName(''), 'tools')
    assert.equal(serverName('\u001B[2J'), '2J')
  })

  test('1, 2: prints nothing for a server that would not start.', async () => {
    const project = bench.project({ files: { 'bad.ts': 'throw new Error("no tools today")', 'tools.ts': TOOLS } })
    const print = (...args) => cli(['mcp', ...args, '--print-config'], { cwd: project.dir })
    const bad = await print('bad.ts')
    assert.deepEqual([bad.code, bad.stdout], [1, ''])
    const http = await print('tools.ts', '--http', '3000')
    assert.deepEqual([http.code, http.stdout], [2, ''])
    assert.match(http.stderr, /^error: --print-config is for servers that clients start\nhint: with `--http`/)
    const nowhere = await print('tools.ts', '--cwd', 'nowhere')
    assert.deepEqual([nowhere.code, nowhere.stderr], [2, 'error: --cwd: nowhere is not a directory\n'])
  })
})
