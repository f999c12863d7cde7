/** A host on another machine: runs tools with both runtimes in both isolations. Prints a line of JSON for each combination. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Manager } from '../../index.js'

const TOOLS = `
import { readFileSync } from 'node:fs'
export const add = ({ a, b }) => a + b
export const reads = ({ path }) => readFileSync(path, 'utf8')
export const hangs = () => { for (;;); }
export const fetches = async ({ url }) => (await fetch(url)).text()
export const throws = () => { throw new TypeError('as it must') }
`

const dir = mkdtempSync(join(tmpdir(), 'project-'))
const other = mkdtempSync(join(tmpdir(), 'other-'))
writeFileSync(join(dir, 'tools.mjs'), TOOLS)
writeFileSync(join(other, 'secret'), 'secret')

const server = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
const net = `--allow-net=127.0.0.1:${port}`

/** @param {'bun' | 'node'} runtimeType @param {'call' | 'worker'} isolation */
async function tryBoth(runtimeType, isolation) {
  const manager = new Manager(dir, {
    runtimeType,
    isolation,
    entrypointPath: './tools.mjs',
    gracePeriod: 0,
    ...(runtimeType === 'bun' ? { bunPermissions: ['--allow-read=.', net] } : { nodeOptions: ['--permission', `--allow-fs-read=${dir}`, net] }),
  })
  try {
    assert.equal(manager.enforcement.level, 'kernel')
    assert.deepEqual(await Promise.all([1, 2, 3, 4].map((a) => manager.executeTool('add', { a, b: 1 }))), [2, 3, 4, 5])
    await assert.rejects(manager.executeTool('reads', { path: join(other, 'secret') }), { code: 'ERR_ACCESS_DENIED' })
    assert.equal(await manager.executeTool('fetches', { url: `http://127.0.0.1:${port}` }), 'served')
    await assert.rejects(manager.executeTool('fetches', { url: 'http://127.0.0.1:1' }), { code: 'ERR_ACCESS_DENIED' })
    await assert.rejects(manager.executeTool('throws'), { code: 'ERR_TOOL_THREW' })
    await assert.rejects(manager.executeTool('hangs', {}, { timeout: '2s' }), { code: 'ERR_TOOL_TIMEOUT' })
    assert.equal(await manager.executeTool('add', { a: 20, b: 22 }), 42)
  } finally {
    await manager.close({ force: true })
  }
}

for (const runtime of /** @type {const} */ (['bun', 'node'])) {
  for (const isolation of /** @type {const} */ (['call', 'worker'])) {
    const error = await tryBoth(runtime, isolation).then(
      () => null,
      (/** @type {any} */ reason) => `${reason.code ?? ''} ${reason.message}`.trim().slice(0, 500),
    )
    process.stdout.write(`${JSON.stringify({ runtime, isolation, error })}\n`)
  }
}
process.exit(0)
