/** The tests of running jobs that are ended or moved from outside: by cancellation, by a lost lock, or by the end of their worker. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, describe, test } from 'node:test'

import { superviseWorker } from '../../../js/adapters/bullmq.js'
import { logCollector } from '../logs.mjs'
import { isRunning, processEnd } from '../processes.mjs'
import { bounded } from '../waiting.mjs'
import { workbench } from '../workbench.mjs'
import { queues } from './queues.mjs'

/** @param {string} kind @param {() => any} place @param {(queue: any, job: any) => Promise<void>} dropLock */
export function endsFromOutside(kind, place, dropLock) {
  describe(`A running job whose queue is kept in ${kind}`, () => {
    const bench = workbench()
    const { queue, clear } = queues(place)
    let project
    const open = (config = {}) => bench.open(project, { maxWorkers: 2, bunPermissions: ['--allow-read=.', '--allow-write=.'], ...config })
    afterEach(clear)

    /** Starts one job and resolves while it runs, with its manager, its worker and the process of its tool. */
    async function running(tool, { input = {}, config, options, more, jobOptions = { attempts: 1 } } = {}) {
      project = bench.project({ tools: 'engines.ts' })
      const manager = open(config)
      const logs = logCollector()
      manager.on('log', logs.add)
      const made = queue()
      const job = await made.add(tool, typeof input === 'function' ? input(project) : input, jobOptions)
      const worker = made.worker(manager, options, more)
      return { ...made, manager, logs, job, worker, another: made.worker, pid: await logs.number('pid') }
    }

    test('that is cancelled fails for good, and its process is gone, whatever it loops in', async () => {
      const { worker, job, ended, pid } = await running('loops-for-ever', { jobOptions: { attempts: 5 } })
      assert.equal(worker.cancelJob(job.id, 'the user left'), true)
      const { state, job: found } = await ended(job)
      assert.deepEqual([state, found.attemptsStarted], ['failed', 1])
      assert.match(found.failedReason, /^ABORT_ERR: /)
      assert.equal(isRunning(pid), false)
    })

    test('tells its tool why it is cancelled', async () => {
      const { worker, job, ended, logs } = await running('waits-for-file', { input: { file: '/none' } })
      worker.cancelJob(job.id, 'the user left')
      assert.equal((await ended(job)).state, 'failed')
      await logs.line('told: the user left')
    })

    test('is cancelled from elsewhere by an event, and no other is', async () => {
      const { worker, manager, job, ended, events, producer, pid, add, reaches } = await running('never-settles')
      superviseWorker(worker, manager, { cancellations: await events() })
      const other = await add('waits-for-file', (({ path }) => ({ file: path('release'), value: 'undisturbed' }))(project))
      await reaches(other, 'active')
      const elsewhere = producer()
      await elsewhere.publishEvent({ eventName: 'cancel', jobId: job.id, reason: 'asked for elsewhere' })
      assert.equal((await ended(job)).state, 'failed')
      assert.equal(isRunning(pid), false)
      project.write('release', '')
      assert.equal((await ended(other)).job.returnvalue, 'undisturbed')
    })

    test('is cancelled when its lock was lost, so that two do not run it for long, and runs again', async () => {
      const more = { lockDuration: 1500, lockRenewTime: 300, stalledInterval: 500 }
      const file = `release-${randomUUID()}`
      const first = await running('waits-for-file', { input: ({ path }) => ({ file: path(file), value: 'by the second' }), more, config: { maxWorkers: 1 } })
      superviseWorker(first.worker, first.manager)
      await dropLock(first.queue, first.job)
      await first.logs.line('told: the lock of the job was lost')
      await processEnd(first.pid)
      project.write(file, '')
      const { state, job } = await first.ended(first.job)
      assert.deepEqual([state, job.returnvalue], ['completed', 'by the second'])
      assert.ok(job.attemptsStarted >= 2, `started ${job.attemptsStarted} times`)
    })

    test('that loops under a lock shorter than itself is not taken for stalled: it is out of process', async () => {
      project = bench.project({ tools: 'engines.ts' })
      const made = queue()
      const stalled = []
      const worker = made.worker(open(), {}, { lockDuration: 1000, stalledInterval: 200 })
      worker.on('stalled', (id) => stalled.push(id))
      const job = await made.add('loops-for', 3000, { attempts: 1 })
      const { state, job: found } = await made.ended(job)
      assert.deepEqual([state, found.returnvalue, found.attemptsStarted, stalled], ['completed', 'done', 1, []])
    })

    test('has time to end when its worker is closed, and then goes back to waiting without a spent attempt', async () => {
      const input = ({ path }) => ({ file: path('release'), value: 'by the next' })
      const { worker, manager, job, ended, queue: kept, logs, pid, add, another } = await running('waits-for-file', { input })
      const supervision = superviseWorker(worker, manager)
      const quick = await add('echo', 'quick')
      assert.equal((await ended(quick)).state, 'completed')
      const closed = supervision.close({ drain: 100 })
      await bounded(closed, 'a worker to close')
      // On a very busy machine the tool may not answer the abort in time; then it is killed before it can print this line.
      const told = logs.texts().filter((text) => text.startsWith('told: '))
      assert.ok(told.every((text) => text === 'told: the worker is shutting down'), told.join())
      assert.equal(isRunning(pid), false)
      const found = await kept.getJob(job.id)
      assert.deepEqual([await found.getState(), found.attemptsMade, found.failedReason], ['waiting', 0, undefined])
      await assert.rejects(manager.executeTool('echo'), { code: 'ERR_MANAGER_CLOSED' })
      project.write('release', '')
      another(open())
      assert.deepEqual([(await ended(job)).state, (await kept.getJob(job.id)).returnvalue], ['completed', 'by the next'])
    })

    test('that ends while its worker is closed is complete', async () => {
      const input = ({ path }) => ({ file: path('release') })
      const { worker, manager, job, ended } = await running('waits-for-file', { input })
      const closed = superviseWorker(worker, manager).close()
      project.write('release', '')
      await bounded(closed, 'a worker to close')
      assert.equal((await ended(job)).state, 'completed')
    })

    test('writes the rows of its log in order, as many as are kept, and says how many were left out', async () => {
      project = bench.project({ tools: 'engines.ts' })
      const made = queue()
      made.worker(open(), { logs: { lines: 5, every: 10 } })
      const job = await made.add('prints-lines', 20)
      await made.ended(job)
      const { logs } = await made.queue.getJobLogs(job.id)
      assert.deepEqual(logs, ['line 0', 'line 1', 'line 2', 'line 3', 'line 4', '16 more left out'])
      const silent = queue()
      silent.worker(open(), { logs: false })
      const other = await silent.add('prints-lines', 3)
      await silent.ended(other)
      assert.deepEqual((await silent.queue.getJobLogs(other.id)).logs, [])
      const all = queue()
      all.worker(open())
      const whole = await all.add('prints-lines', 1)
      await all.ended(whole)
      assert.deepEqual((await all.queue.getJobLogs(whole.id)).logs, ['line 0', 'error: to stderr'])
    })

    test('has its last progress value before its result, and some of those before while it runs', async () => {
      project = bench.project({ tools: 'engines.ts' })
      const made = queue()
      const worker = made.worker(open(), { progressEvery: 30 })
      const many = await made.add('reports-to', 500)
      let written = 0
      worker.on('progress', () => written++)
      await made.ended(many)
      assert.deepEqual((await made.queue.getJob(many.id)).progress, { done: 500 })
      assert.ok(written < 100, `${written} of 500 values were written`)
      const seen = new Promise((resolve) => worker.on('progress', resolve))
      const slow = await made.add('reports-until-file', { file: project.path('release') })
      await bounded(seen, 'progress of a job that runs')
      project.write('release', '')
      assert.equal((await made.ended(slow)).state, 'completed')
    })
  })
}
