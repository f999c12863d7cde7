import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import { needsRemovalOfFiles } from './support/needs.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const TOOLS = `
  export const answers = () => 1
  export const hangs = () => { console.log('entered'); return new Promise(() => {}) }
`
const WAYS = [
  'close()', 'nothing left to do', 'process.exit()', 'process.exit() under a call', 'an error nobody caught', 'a rejection nobody caught',
  'SIGTERM, handled', 'SIGINT, handled and raised again', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGSEGV', 'process.abort()', 'process.reallyExit()',
  'two managers and SIGKILL', 'a thread that is terminated', 'a thread that ends', 'a thread that exits', 'process.exit() beside a thread',
]

/** A host, or a thread of it, that ends like this does nothing more itself. */
const SUDDEN = new Set([
  'SIGINT, handled and raised again', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGSEGV', 'process.abort()', 'process.reallyExit()',
  'two managers and SIGKILL', 'a thread that is terminated', 'process.exit() beside a thread',
])

describe('A host leaves nothing in the project, however it ends', () => {
  const bench = workbench()
  for (const way of WAYS) {
    it(`${way}.`, SUDDEN.has(way) ? needsRemovalOfFiles : {}, async () => {
      const project = bench.project({ files: { 'tools.mjs': TOOLS } })
      const host = bench.host('ends.mjs', [project.dir, way])
      const { code, signal, stderr, lines } = await host.ended()
      assert.ok(code !== null || signal !== null)
      if (!way.includes('caught')) assert.equal(code === null || code === 0, true, stderr)
      if (!way.includes('thread')) assert.deepEqual(new Set(lines), new Set(['answered 1, true']))
      // A killed host removes nothing itself: the guardian does it a moment later.
      await until(() => !existsSync(project.path('.toolwarden')), `.toolwarden to go: ${readdirSync(project.dir)}`)
      assert.deepEqual(readdirSync(project.dir), ['tools.mjs'])
    })
  }

  it('files that another manager uses stay, and are removed with that manager.', needsRemovalOfFiles, async () => {
    const project = bench.project({ files: { 'tools.mjs': TOOLS } })
    const manager = bench.open(project, { entrypointPath: './tools.mjs' })
    assert.equal(await manager.executeTool('answers'), 1)
    const before = readdirSync(project.path('.toolwarden')).length
    const host = bench.host('ends.mjs', [project.dir, 'SIGKILL'])
    assert.equal((await host.ended()).signal, 'SIGKILL')
    await until(() => readdirSync(project.path('.toolwarden')).length === before, 'the claim of the killed host to go')
    assert.equal(await manager.executeTool('answers'), 1)
    await manager.close()
    assert.deepEqual(readdirSync(project.dir), ['tools.mjs'])
  })
})
