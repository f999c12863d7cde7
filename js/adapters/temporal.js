/**
 * A manager's tools as activities of Temporal, on `@temporalio/activity`.
 * The decisions behind it: docs/decisions.md#engines.
 */

import { Context } from '@temporalio/activity'
import { AWAITS } from '../awaits.js'
import { printableLines } from '../printable.js'
import { FINAL_CODES, ONCE_ENTERED } from './engines/failures.js'
import { givenFor } from './engines/given-for.js'
import { selectTools } from './select-tools.js'
import { failureOf, refuseLarge } from './temporal/failure.js'
import { Heartbeats } from './temporal/heartbeats.js'

export { FINAL_CODES }

/** The same for all attempts at an activity. @param {import('@temporalio/activity').Info} info */
export function toolExecId({ workflowExecution, activityRunId, activityId, namespace }) {
  const { workflowId = namespace, runId = activityRunId ?? '' } = workflowExecution ?? {}
  return `${workflowId}/${runId}/${activityId}`
}

/** @typedef {'trace' | 'debug' | 'info' | 'warn' | 'error'} Level */

/** @param {import('../../index.d.ts').LogEntry} entry @returns {Level} */
const levelOf = ({ level, stream }) => (level === null ? (stream === 'stderr' ? 'warn' : 'info') : level === 'log' ? 'info' : level)

/**
 * @param {import('./manager-like.d.ts').EngineManager} manager
 * @param {import('./temporal.d.ts').ToolActivitiesOptions} [options]
 * @returns {Promise<Record<string, (input?: any) => Promise<any>>>}
 */
export async function toolActivities(manager, options = {}) {
  const { tools, config, env, timeout, execId = toolExecId, logs = true, final = FINAL_CODES } = options

  /** @param {string} tool */
  const activity = (tool) => async (/** @type {any} */ input) => {
    const context = Context.current()
    const { info, cancellationSignal: signal } = context
    const heartbeats = new Heartbeats(context)
    const id = execId(info)
    try {
      const result = await manager.executeTool(tool, input, {
        [AWAITS]: true,
        toolExecId: id,
        idempotencyKey: id,
        attempt: info.attempt,
        config: givenFor(config, info),
        env: givenFor(env, info),
        // After this time the server ignores the result and gives the activity to another worker.
        timeout: givenFor(timeout, info) ?? (info.startToCloseTimeoutMs || undefined),
        retry: ONCE_ENTERED,
        signal,
        onProgress: heartbeats.progress,
        onLog: logs
          ? (/** @type {import('../../index.d.ts').LogEntry} */ entry) => context.log[levelOf(entry)](printableLines(entry.text), { tool, stream: entry.stream })
          : undefined,
      })
      refuseLarge(tool, result)
      return result
    } catch (error) {
      throw failureOf(error, signal, final)
    } finally {
      heartbeats.end()
    }
  }

  const found = await selectTools(manager, tools)
  return Object.fromEntries(found.map(({ id }) => [id, activity(id)]))
}

/**
 * @param {import('./manager-like.d.ts').EngineManager} manager
 * @param {{ drain?: import('../../index.d.ts').Duration }} [options]
 */
export function workerOptions(manager, { drain = '10s' } = {}) {
  return { maxConcurrentActivityTaskExecutions: manager.slots, shutdownGraceTime: drain }
}
