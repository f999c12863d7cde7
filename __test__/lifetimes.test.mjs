import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'

import { Manager } from '../index.js'
import { isRunning, ownChildren, processEnd } from './support/processes.mjs'
import { SANDBOX } from './support/settings.mjs'
import { bounded, until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const INDEX = new URL('../index.js', import.meta.url).href

function collector() {
  if (process.versions.bun !== undefined) return () => globalThis.Bun.gc(true)
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}

describe('A closed manager', () => {
  const bench = workbench()

  it('is collected with everything that it refers to.', async () => {
    const { dir } = bench.project({ tools: 'values.ts' })
    const collect = collector()
    const managers = []
    const openAndClose = async () => {
      const manager = new Manager(dir, { sandbox: SANDBOX, minWorkers: 0 })
      await manager.executeTool('echo', 1, { signal: new AbortController().signal })
      managers.push(new WeakRef(manager))
      await manager.close()
    }
    for (let round = 0; round < 10; round += 1) await openAndClose()
    // The last reference may still be on the stack, where Bun looks for references conservatively.
    const collected = () => managers.filter((manager) => manager.deref() === undefined).length
    await until(() => (collect(), collected() >= 7), 'the managers to be collected')
  })
})

describe('A thread of the host', () => {
  const bench = workbench()

  /** Runs `code` in a thread with a manager over slow.ts, and returns the value that it posts. */
  const thread = (project, code) => {
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads')
      import(workerData.index).then(async ({ Manager }) => {
        const manager = new Manager(workerData.dir, { sandbox: workerData.sandbox, maxWorkers: 1 })
        const post = (value) => parentPort.postMessage(value)
        ${code}
      })`,
      { eval: true, workerData: { index: INDEX, dir: project.dir, sandbox: SANDBOX } },
    )
    const failed = new Promise((_, reject) => worker.once('error', reject))
    const said = bounded(Promise.race([new Promise((resolve) => worker.once('message', resolve)), failed]), 'a thread to say something')
    return { worker, said }
  }

  const RUNNING = `manager.executeTool('never-settles', null, { onLog: (entry) => post(Number(entry.text.split('=')[1])) }).catch(() => {})`

  it('runs tools.', async () => {
    const { worker, said } = thread(bench.project({ tools: 'slow.ts' }), `post(await manager.executeTool('pid')); await manager.close()`)
    assert.equal(typeof (await said), 'number')
    await worker.terminate()
  })

  it('that is terminated in a call takes its worker along, and disturbs no other manager.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const own = bench.open(project, { maxWorkers: 1 })
    const { worker, said } = thread(project, RUNNING)
    const pid = await said
    assert.equal(isRunning(pid), true)
    const running = own.executeTool('pid')
    await worker.terminate()
    await processEnd(pid)
    assert.equal(typeof (await running), 'number')
    assert.equal(typeof (await own.executeTool('pid')), 'number')
    await own.close()
    await until(() => ownChildren().length === 0, 'every process to be reaped')
  })

  it('that ends by process.exit() in a call takes its worker along.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const { said } = thread(project, `manager.executeTool('never-settles', null, { onLog: (entry) => { post(Number(entry.text.split('=')[1])); setTimeout(() => process.exit(0), 1) } }).catch(() => {})`)
    await processEnd(await said)
    await until(() => ownChildren().length === 0, 'every process to be reaped')
  })

  it('may be one of several, each with managers of its own.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const code = `const pids = await Promise.all([1, 2, 3].map(() => manager.executeTool('pid'))); await manager.close(); post(pids)`
    const threads = [1, 2, 3].map(() => thread(project, code))
    const pids = (await Promise.all(threads.map(({ said }) => said))).flat()
    assert.equal(new Set(pids).size, 9)
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
    assert.deepEqual(ownChildren(), [])
  })
})
