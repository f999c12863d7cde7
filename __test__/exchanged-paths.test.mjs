import assert from 'node:assert/strict'
import { chmodSync, symlinkSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import './support/about-the-sandbox.mjs'
import { compile, copyTools } from './support/attack-natives.mjs'
import { isRoot, testsByOther } from './support/foreign.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** In a third of the calls the link was there when the path was opened, before such links were refused. */
const CALLS = 40

describe('A list for one call, below a directory that another tool may write', () => {
  const bench = workbench()

  /** A manager whose tools may read and write `data`, beside `outside`. */
  const opened = (runtimeType) => {
    compile()
    const project = bench.project({ files: { 'data/sub/inner.txt': 'inner', 'outside/inner.txt': 'secret', 'app/package.json': '{}' } })
    const [data, app] = [project.path('data'), project.path('app')]
    copyTools(app)
    chmodSync(project.dir, 0o755)
    const [read, write] = runtimeType === 'bun' ? ['--allow-read', '--allow-write'] : ['--allow-fs-read', '--allow-fs-write']
    const flags = [`${read}=${data}`, `${write}=${data}`]
    const permissions = runtimeType === 'bun' ? { bunPermissions: flags } : { nodeOptions: ['--permission', ...flags] }
    const manager = bench.open({ ...project, dir: app }, { entrypointPath: './exchanged-paths.mjs', runtimeType, isolation: 'call', minWorkers: 0, maxWorkers: 3, ...permissions })
    const narrowed = (path) => manager.executeTool('read', { path }, { permissions: [`--allow-read=${data}/sub`] }).catch((error) => `${error.code}`)
    return { project, data, manager, narrowed }
  }

  for (const runtimeType of ['bun', 'node']) {
    it(`never leads outside while a link is exchanged for a directory in it, with ${runtimeType}.`, async () => {
      const { project, data, manager, narrowed } = opened(runtimeType)
      const link = `${data}/link`
      symlinkSync(project.path('outside'), link)
      const abort = new AbortController()
      let exchanging
      const begun = new Promise((resolve, reject) => {
        exchanging = manager.executeTool('exchange', { one: `${data}/sub`, other: link }, { signal: abort.signal, onProgress: resolve })
        exchanging.catch(reject)
      })
      await bounded(begun, 'the exchanges to begin')
      const seen = new Set()
      for (let made = 0; made < CALLS; made += 1) seen.add(await narrowed(project.path('outside/inner.txt')))
      abort.abort()
      await bounded(exchanging.catch(() => {}), 'the exchanges to end')
      assert.deepEqual([...seen].filter((result) => !['EACCES', 'ERR_CONFIG_INVALID', 'ERR_ACCESS_DENIED'].includes(result)), [])
    })

    it(`is what the path leads to, with ${runtimeType}.`, async () => {
      const { project, data, narrowed } = opened(runtimeType)
      assert.equal(await narrowed(`${data}/sub/inner.txt`), 'inner')
      assert.equal(await narrowed(project.path('outside/inner.txt')), 'EACCES')
    })
  }

  if (isRoot) it('is the same for an ordinary user.', () => testsByOther(fileURLToPath(import.meta.url)))
})
