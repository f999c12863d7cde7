/** `toolwarden wrap` around MCP servers of npm, as they are: the official ones. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import '../support/about-the-sandbox.mjs'
import { BIN, environment } from '../support/cli.mjs'
import { logCollector } from '../support/logs.mjs'
import { root } from '../support/repository.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const bin = (name) => join(root, 'node_modules/.bin', name)

describe('An MCP server of npm in toolwarden wrap', () => {
  const bench = workbench()

  /** Connects to a server that is started in the sandbox. @param {string[]} args @param {string} cwd */
  async function connected(args, cwd, use) {
    const transport = new StdioClientTransport({ command: process.execPath, args: [BIN, 'wrap', ...args], cwd, env: environment({}), stderr: 'pipe' })
    const err = logCollector()
    let rest = ''
    transport.stderr.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const text of lines) err.add({ stream: 'stderr', text })
    })
    const client = new Client({ name: 'test', version: '1' })
    try {
      await bounded(client.connect(transport), 'the server to start')
      return await use(client, err)
    } finally {
      await client.close()
    }
  }
  const names = async (client) => (await client.listTools()).tools.map(({ name }) => name)

  test('server-filesystem: a file that the server would give is refused by the kernel', async () => {
    const project = bench.project({ files: { 'open/a.txt': 'open', 'closed/b.txt': 'closed' } })
    const [open, closed] = [project.path('open'), project.path('closed')]
    // The server itself is told that both directories are its own.
    const command = ['--', bin('mcp-server-filesystem'), open, closed]
    const read = (client, path) => client.callTool({ name: 'read_text_file', arguments: { path } })
    await connected([`--allow-read=${open}`, ...command], project.dir, async (client, err) => {
      assert.ok((await names(client)).includes('read_text_file'))
      const allowed = await read(client, join(open, 'a.txt'))
      assert.equal(allowed.content[0].text, 'open')
      const refused = await read(client, join(closed, 'b.txt'))
      assert.ok(refused.isError)
      assert.match(refused.content[0].text, /EACCES/)
      const path = join(closed, 'b.txt')
      await err.line(`toolwarden: denied read access to ${path}; to allow it, add --allow-read=${path}`)
    })
    await connected([`--allow-read=${open},${closed}`, ...command], project.dir, async (client) => {
      assert.equal((await read(client, join(closed, 'b.txt'))).content[0].text, 'closed')
    })
  })

  test('server-memory: writes the one file it is for', async () => {
    const project = bench.project({ files: { 'graph/kept': '' } })
    const flags = [`--allow-read=${project.path('graph')}`, `--allow-write=${project.path('graph')}`, '--allow-env=MEMORY_FILE_PATH']
    process.env.MEMORY_FILE_PATH = project.path('graph/memory.json')
    try {
      await connected([...flags, '--', bin('mcp-server-memory')], project.dir, async (client) => {
        assert.ok((await names(client)).includes('create_entities'))
        const entities = [{ name: 'Ada', entityType: 'person', observations: ['wrote the first program'] }]
        await client.callTool({ name: 'create_entities', arguments: { entities } })
        const graph = await client.callTool({ name: 'read_graph', arguments: {} })
        assert.match(graph.content[0].text, /Ada/)
      })
    } finally {
      delete process.env.MEMORY_FILE_PATH
    }
  })

  test('server-everything: starts with no file of the project, and answers', async () => {
    const project = bench.project({ files: { kept: '' } })
    await connected([`--allow-read=${project.path('kept')}`, '--', bin('mcp-server-everything')], project.dir, async (client) => {
      assert.ok((await names(client)).length > 5)
      const answer = await client.callTool({ name: 'echo', arguments: { message: 'hello' } })
      assert.equal(answer.content[0].text, 'Echo: hello')
    })
  })
})
