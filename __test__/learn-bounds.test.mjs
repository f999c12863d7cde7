/** Learning within a bound: what lies outside of it is refused by the kernel, as root and as an ordinary user. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import './support/about-the-sandbox.mjs'
import { entries } from '../scripts/packages/flags.mjs'
import { isRoot, testsByOther } from './support/foreign.mjs'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const PLACE = { entrypointPath: 'tools.mjs', minWorkers: 0, maxWorkers: 2 }

describe('A manager that learns within a bound', () => {
  const bench = workbench()
  let http
  const at = () => http.address().port

  before(async () => {
    http = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1')
    await once(http, 'listening')
    process.env.LEARN_SECRET = 'hush'
  })
  after(() => {
    http.close()
    delete process.env.LEARN_SECRET
  })

  /** A project, and a directory beside it that no package is in. */
  function places() {
    const project = bench.project({ files: { 'package.json': '{"type":"module"}' } })
    project.copyTools('learning.mjs', 'tools.mjs')
    return { project, outside: bench.project({ files: { 'data/a.txt': 'a', 'many/a.txt': 'a' } }) }
  }

  for (const runtimeType of ['bun', 'node']) {
    for (const isolation of ['call', 'worker']) {
      describe(`with ${runtimeType} and isolation "${isolation}"`, () => {
        const word = (kind) => (runtimeType === 'node' ? `--allow-fs-${kind}` : `--allow-${kind}`)

        it('refuses what lies outside of a bound, which the kernel enforces.', async () => {
          const { project, outside } = places()
          const [inside, other] = [outside.path('data/a.txt'), outside.path('many/a.txt')]
          const within = [`--allow-read=${outside.path('data')}`, `--allow-net=127.0.0.1:${at()}`]
          const bounded = bench.open(project, { ...PLACE, runtimeType, isolation, learn: { within } })
          assert.equal(bounded.enforcement.level, 'kernel')
          assert.deepEqual(await bounded.executeTool('read', { paths: [inside] }), ['a'])
          assert.equal(await bounded.executeTool('get', { url: `http://127.0.0.1:${at()}/` }), 'served')
          for (const [tool, input] of [
            ['read', { paths: [other] }],
            ['write', { path: inside }],
            ['mode', { path: inside }],
            ['get', { url: `http://[::1]:${at()}/` }],
            ['run', { program: 'sh', args: ['-c', 'true'] }],
          ]) {
            assert.equal((await failure(bounded.executeTool(tool, input))).code, 'ERR_ACCESS_DENIED', tool)
          }
          assert.equal(await bounded.executeTool('variable', { name: 'LEARN_SECRET' }), null)
          const { read, get, write, run } = bounded.learned()
          assert.deepEqual([entries(read), entries(get)], [[`${word('read')}=${inside}`], [`--allow-net=127.0.0.1:${at()}`]])
          assert.deepEqual([write, run], [[], []])
          // The twin: without a bound the same is done.
          const free = bench.open(project, { ...PLACE, runtimeType, isolation, learn: true })
          assert.equal(free.enforcement.level, 'none')
          assert.deepEqual(await free.executeTool('read', { paths: [other] }), ['a'])
          await free.executeTool('write', { path: inside })
          await free.executeTool('run', { program: 'sh', args: ['-c', 'true'] })
        })
      })
    }
  }

  if (isRoot) it('does the same for an ordinary user.', () => testsByOther(fileURLToPath(import.meta.url)))
})
