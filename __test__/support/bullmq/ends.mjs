/** The tests of how jobs end, which are the same for each database of a queue. */

import assert from 'node:assert/strict'
import { afterEach, before, describe, test } from 'node:test'

import { Manager } from '../../../index.js'
import { FINAL_CODES } from '../../../js/adapters/bullmq.js'
import { workbench } from '../workbench.mjs'
import { queues } from './queues.mjs'

const LIMITS = { maxWorkers: 2, maxMemoryMb: 256, maxOutputSize: 10_000, bunPermissions: ['--allow-read=.', '--allow-write=.'] }
const FAST = { backoffInitialInterval: 1, backoffMaxInterval: 5 }

/** @param {string} kind @param {() => any} place */
export function endsOfJobs(kind, place) {
  describe(`A job whose queue is kept in ${kind}`, () => {
    const bench = workbench({ shared: true })
    const { queue, clear } = queues(place)
    let project
    let manager
    before(() => {
      project = bench.project({ tools: 'engines.ts' })
      manager = bench.open(project, LIMITS)
    })
    afterEach(clear)

    const run = async (tool, input, options, jobOptions) => {
      const { add, worker, ended } = queue()
      const job = await add(tool, input, jobOptions)
      worker(manager, options)
      return ended(job)
    }

    test('has the result of its tool', async () => {
      const { state, job } = await run('echo', { text: 'a\u20ac"\n', list: [1, null] })
      assert.deepEqual([state, job.returnvalue], ['completed', { text: 'a\u20ac"\n', list: [1, null] }])
      assert.equal((await run('returns-nothing', {})).state, 'completed')
    })

    test('gives its tool what was asked for, an id and a key of its own, and the number of its start', async () => {
      const { name, add, worker, ended } = queue()
      const job = await add('any', { of: 'it' })
      const options = { tool: 'delivery', input: ({ data }) => data.of, config: (of) => ({ job: of.id }), env: () => ({ TOKEN: 'secret-token' }), timeout: () => '20s' }
      worker(manager, options)
      const id = `${name}:${job.id}`
      const expected = { input: 'it', config: { job: job.id }, toolExecId: id, idempotencyKey: id, attempt: 1, env: { TOKEN: 'secret-token' } }
      assert.deepEqual((await ended(job)).job.returnvalue, expected)
    })

    for (const [what, tool, input, code, options] of [
      ['input that its tool refuses', 'strict', { amount: 'much' }, 'ERR_INPUT_INVALID'],
      ['an id that no tool can have', '../strict', {}, 'ERR_TOOL_ID_INVALID'],
      ['a variable that is refused', 'echo', {}, 'ERR_ENV_INVALID', { env: { lowercase: 'x' } }],
      ['a denied access', 'reads-hostname', {}, 'ERR_ACCESS_DENIED'],
      ['a result that is no JSON', 'returns-bigint', {}, 'ERR_OUTPUT_INVALID'],
      ['a result that is too large', 'returns-text-of-length', 20_000, 'ERR_OUTPUT_TOO_LARGE'],
      ['too much memory', 'allocates-megabytes', 2048, 'ERR_TOOL_OUT_OF_MEMORY'],
      ['an error that is not to be tried again', 'throws-for-good', {}, 'ERR_TOOL_THREW'],
    ]) {
      test(`fails at its first start with ${what}: ${code}`, async () => {
        const { state, job } = await run(tool, input, options)
        assert.deepEqual([state, job.attemptsStarted, job.attemptsMade], ['failed', 1, 1])
        assert.match(job.failedReason, new RegExp(`^${code}: `))
        if (code === 'ERR_ACCESS_DENIED') assert.match(job.failedReason, /\nhint: .*--allow-read=\/etc\/hostname/)
        if (code === 'ERR_TOOL_THREW') assert.match(job.stacktrace[0], /at throws-for-good \(.*tools\.ts:/)
        assert.ok(code === 'ERR_TOOL_THREW' || FINAL_CODES.has(code))
      })
    }

    for (const [what, tool, code, options] of [
      ['threw', 'throws', 'ERR_TOOL_THREW'],
      ['took too long', 'never-settles', 'ERR_TOOL_TIMEOUT', { timeout: 100 }],
      ['ended its process', 'throws-at-exit', 'ERR_TOOL_EXITED'],
      ['was killed', 'kills-itself', 'ERR_TOOL_KILLED'],
      ['is not there', 'of-the-next-version', 'ERR_TOOL_NOT_FOUND'],
    ]) {
      test(`has all its attempts when its tool ${what}: ${code}`, async () => {
        const { state, job } = await run(tool, {}, options)
        assert.deepEqual([state, job.attemptsStarted, job.attemptsMade], ['failed', 2, 2])
        assert.match(job.failedReason, new RegExp(`^${code}: `))
      })
    }

    test('completes at a later attempt, whose number its tool sees', async () => {
      const { state, job } = await run('throws-until', { attempt: 3 }, {}, { attempts: 3 })
      assert.deepEqual([state, job.returnvalue, job.attemptsMade], ['completed', 3, 3])
    })

    test('waits as long as the error of its tool asks, and spends an attempt', async () => {
      const { add, worker, reaches, ended } = queue()
      const job = await add('throws-until', { attempt: 2, retryAfter: 3_600_000 }, { attempts: 2, backoff: { type: 'fixed', delay: 1 } })
      worker(manager)
      await reaches(job, 'delayed')
      const found = await queueJob(job)
      assert.deepEqual([found.delay, found.attemptsMade], [3_600_000, 1])
      await found.promote()
      assert.deepEqual([(await ended(job)).state, (await queueJob(job)).returnvalue], ['completed', 2])
    })
    const queueJob = async (job) => (await job.constructor.fromId(job.queue, job.id))

    test('ends by other codes where they are given', async () => {
      const { job } = await run('throws', {}, { final: new Set(['ERR_TOOL_THREW']) })
      assert.equal(job.attemptsStarted, 1)
    })

    test('spends no attempt on a host that starts no tools, and completes on another', async () => {
      const broken = new Manager(project.dir, { runtimePath: project.fakeRuntime('always-fails.sh'), sandbox: 'off', minWorkers: 0, maxWorkers: 2, ...FAST })
      try {
        const { add, worker, ended } = queue()
        const jobs = await Promise.all(Array.from({ length: 10 }, (_, index) => add('echo', { index }, { attempts: 1 })))
        const first = worker(broken, { hostDelay: 100 })
        await new Promise((resolve) => first.once('paused', resolve))
        worker(manager)
        for (const [index, job] of jobs.entries()) {
          const { state, job: found } = await ended(job)
          assert.deepEqual([state, found.returnvalue, found.failedReason], ['completed', { index }, undefined])
        }
      } finally {
        await broken.close({ force: true })
      }
    })

    test('spends none either where the entrypoint does not load, or the manager is full or closed', async () => {
      const faulty = bench.open(bench.project({ tools: 'throws-at-import.ts' }), { minWorkers: 0 })
      const full = bench.open(project, { ...LIMITS, maxWorkers: 1, maxQueue: 0 })
      const closed = bench.open(project, LIMITS)
      await closed.close({ force: true })
      const release = project.path('full-release')
      const running = full.executeTool('waits-for-file', { file: release })
      for (const host of [faulty, full, closed]) {
        const { add, worker, ended } = queue()
        const job = await add('echo', { on: 'another' }, { attempts: 1 })
        const first = worker(host, { hostDelay: 3_600_000 })
        await new Promise((resolve) => first.once('paused', resolve))
        worker(manager)
        assert.equal((await ended(job)).state, 'completed')
      }
      project.write('full-release', '')
      assert.equal(await running, 'released')
    })
  })
}
