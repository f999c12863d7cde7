import { AWAITS } from '../../awaits.js'
import { FINAL_CODES, ONCE_ENTERED } from '../engines/failures.js'
import { givenFor } from '../engines/given-for.js'
import { endOf } from './ends.js'
import { JobReports } from './reports.js'
import { storableResult } from './storable.js'

/** @typedef {import('bullmq').Job} Job */

const LOGS = { lines: 200, bytes: 65_536, every: 250 }

/**
 * @param {import('../manager-like.d.ts').EngineManager} manager
 * @param {import('../bullmq.d.ts').ToolProcessorOptions} [options]
 */
export function toolProcessor(manager, options = {}) {
  const {
    tool = (/** @type {Job} */ job) => job.name,
    input = (/** @type {Job} */ job) => job.data,
    execId = (/** @type {Job} */ job) => `${job.queueName}:${job.id}`,
    config,
    env,
    timeout,
    logs = LOGS,
    progressEvery = 250,
    hostDelay = 1000,
    final = FINAL_CODES,
    jsonb = false,
  } = options
  const logLimits = logs === false ? null : { ...LOGS, ...logs }

  /**
   * BullMQ gives a signal only to a function that names three parameters.
   * @param {Job} job @param {string | undefined} token @param {AbortSignal | undefined} signal
   */
  return async function runTool(job, token, signal) {
    const reports = new JobReports(job, logLimits, progressEvery)
    try {
      const id = execId(job)
      const result = await manager.executeTool(givenFor(tool, job), input(job), {
        [AWAITS]: true,
        toolExecId: id,
        idempotencyKey: id,
        attempt: job.attemptsStarted || 1,
        config: givenFor(config, job),
        env: givenFor(env, job),
        timeout: givenFor(timeout, job),
        retry: ONCE_ENTERED,
        signal,
        onLog: logLimits === null ? undefined : reports.log,
        onProgress: reports.progress,
      })
      await reports.finish()
      return jsonb ? storableResult(result) : (result ?? null)
    } catch (error) {
      await reports.finish()
      throw await endOf(error, { job, token, signal, final, hostDelay })
    }
  }
}
