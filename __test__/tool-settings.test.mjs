import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { failure, thrown } from './support/outcomes.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const project = (bench) => {
  const made = bench.project({ files: { 'data/in.txt': 'inside' } })
  made.copyTools('groups.mjs', 'tools.mjs')
  return made
}
const BASE = { entrypointPath: 'tools.mjs', minWorkers: 0 }

describe('The settings of one tool', () => {
  const bench = workbench()

  it('are shown as they are in force: normalised flags by key, and the configuration reads as itself.', () => {
    const made = project(bench)
    const tools = { weather: { bunPermissions: ['--allow-net=a.test:443'], toolExecutionTimeout: '2s' }, 'rep*': { bunPermissions: ['-R=./data'] }, plain: { gracePeriod: 0 } }
    const manager = bench.open(made, { ...BASE, bunPermissions: [], tools })
    assert.deepEqual(manager.enforcement.tools, { weather: ['--allow-net=a.test:443'], 'rep*': [`--allow-read=${made.path('data')}`], plain: [] })
    assert.equal(manager.config.tools.weather.toolExecutionTimeout, 2000)
    const again = bench.open(made, manager.config)
    assert.deepEqual(again.config, manager.config)
    assert.deepEqual(bench.open(made, BASE).enforcement.tools, {})
  })

  it('are all refused at once where they are wrong, each with its place.', () => {
    const error = thrown(() =>
      bench.open(project(bench), {
        ...BASE,
        tools: { weather: { bunPermissions: ['--allow-raed'], maxWorkers: 2 }, 'a/b': { env: { lower: 'hush' } }, report: { bunPermissions: ['--allow-read=./missing'] } },
      }),
    )
    assert.equal(error.code, 'ERR_CONFIG_INVALID')
    assert.deepEqual(error.problems.map(({ field }) => field), ['tools.weather.bunPermissions[0]', 'tools.weather.maxWorkers', 'tools["a/b"].env.lower'])
    assert.doesNotMatch(JSON.stringify(error.problems), /hush/)
    const missing = thrown(() => bench.open(project(bench), { ...BASE, tools: { report: { bunPermissions: ['--allow-read=./missing'] } } }))
    assert.match(missing.problems[0].field, /^tools\.report\.bunPermissions/)
  })

  for (const isolation of ['call', 'worker']) {
    describe(`with isolation "${isolation}"`, () => {
      it('for an id that no tool has are a problem at ready(), at every call and at listTools(), with the nearest id.', async () => {
        const manager = bench.open(project(bench), { ...BASE, isolation, tools: { wether: { bunPermissions: [] } } })
        for (const ask of [() => manager.ready(), () => manager.executeTool('weather', {}), () => manager.executeTool('pidOf'), () => manager.listTools()]) {
          const error = await failure(ask())
          assert.equal(error.code, 'ERR_CONFIG_INVALID', error.message)
          assert.equal(error.problems[0].field, 'tools.wether')
          assert.match(error.problems[0].message, /nearest is "weather"/)
        }
      })

      it('hold timeout, size of the result, variables and retries, and a call goes before them.', async () => {
        const manager = bench.open(project(bench), {
          ...BASE,
          isolation,
          tools: {
            forever: { toolExecutionTimeout: '50ms', gracePeriod: 0 },
            large: { maxOutputSize: 1000 },
            variables: { env: { FROM_TOOL: 'tool', SHARED: 'tool' } },
            flaky: { retry: { on: ['crash'], maxAttempts: 2 } },
          },
        })
        const late = await failure(manager.executeTool('forever'))
        assert.deepEqual([late.code, /50 ?ms/.test(late.message)], ['ERR_TOOL_TIMEOUT', true])
        assert.equal((await failure(manager.executeTool('large', { bytes: 1000 }))).code, 'ERR_OUTPUT_TOO_LARGE')
        assert.equal((await manager.executeTool('large', { bytes: 900 })).length, 900)
        const { env, own, group } = await manager.executeTool('variables', null, { env: { SHARED: 'call' } })
        assert.deepEqual({ ...env, own, group }, { FROM_TOOL: 'tool', SHARED: 'call', own: 'tool', group: null })
        assert.equal((await failure(manager.executeTool('flaky'))).attempts, 2)
        assert.equal((await failure(manager.executeTool('flaky', null, { retry: { on: [] } }))).attempts, 1)
      })

      it('allow a larger result than the manager does.', async () => {
        const manager = bench.open(project(bench), { ...BASE, isolation, maxOutputSize: 100, tools: { large: { maxOutputSize: 20_000_000 } } })
        assert.equal((await manager.executeTool('large', { bytes: 18_000_000 })).length, 18_000_000)
        assert.equal((await failure(manager.executeTool('variables', null, { env: { A: 'y'.repeat(200) } }))).code, 'ERR_OUTPUT_TOO_LARGE')
      })

      it('are named by the hint of a denial.', async () => {
        const made = project(bench)
        const manager = bench.open(made, { ...BASE, isolation, bunPermissions: [], tools: { reads: { bunPermissions: [] }, 'also/*': { bunPermissions: [] } }, entrypointPath: 'denied.mjs' }, made.write('denied.mjs', `
          import { readFile } from 'node:fs/promises'
          const read = ({ path }) => readFile(path, 'utf8')
          export default { reads: read, 'also/reads': read, plain: read }`))
        for (const [tool, place] of [['reads', 'tools.reads.bunPermissions'], ['also/reads', 'tools["also/*"].bunPermissions'], ['plain', 'bunPermissions']]) {
          const error = await failure(manager.executeTool(tool, { path: '/etc/hostname' }))
          assert.equal(error.code, 'ERR_ACCESS_DENIED', error.message)
          assert.equal(error.hint, `to allow it, add --allow-read=/etc/hostname to \`${place}\``)
        }
      })
    })
  }

  it('keep one process of a group that was called within idleTimeout, and none afterwards.', async () => {
    const manager = bench.open(project(bench), { ...BASE, maxWorkers: 3, idleTimeout: '300ms', tools: { pidOf: { bunPermissions: [] } } })
    await manager.ready()
    await manager.executeTool('pidOf')
    await until(() => manager.stats().workers.idle === 1, 'the process that is kept')
    await until(() => Object.values(manager.stats().workers).every((count) => count === 0), 'no process to be left')
  })
})
