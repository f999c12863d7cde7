import type { Info } from '@temporalio/activity'
import type { Duration, ErrorCode, Json } from '../../index.d.ts'
import type { EngineManager } from './manager-like.d.ts'

export type { EngineManager }

/** The codes after which an activity is not retried, because the same call would fail in the same way again. */
export const FINAL_CODES: ReadonlySet<ErrorCode>

/** workflow id / run id / activity id: the same for all attempts at an activity. */
export function toolExecId(info: Info): string

export interface ToolActivitiesOptions {
  /** The ids of the tools to offer. Default: all. */
  tools?: string[]
  /** The second argument of the tools. */
  config?: Json | ((info: Info) => Json)
  /** Variables of the calls. */
  env?: Record<string, string> | ((info: Info) => Record<string, string> | undefined)
  /**
   * The longest time that one attempt may take. Default: the activity's startToCloseTimeout, so that no tool outlives
   * its attempt.
   */
  timeout?: Duration | ((info: Info) => Duration | undefined)
  /** toolExecId and idempotencyKey of the calls. Default: `toolExecId`. */
  execId?: (info: Info) => string
  /** Whether the output of tools goes to the activity's logger. Default true. */
  logs?: boolean
  /** Default FINAL_CODES. */
  final?: ReadonlySet<ErrorCode>
}

/**
 * Makes an activity for each tool, by its id, for `activities` of a Worker. Temporal retries by the policy of the
 * activity; the manager repeats only failed starts. An activity without a heartbeat timeout cannot be cancelled:
 * docs/temporal.md.
 */
export function toolActivities(manager: EngineManager, options?: ToolActivitiesOptions): Promise<Record<string, (input?: any) => Promise<any>>>

/**
 * Makes the options of a Worker: as many activities at once as the manager has slots, and `drain` (default "10s") for
 * them when it shuts down.
 */
export function workerOptions(
  manager: EngineManager,
  options?: { drain?: string | number },
): { maxConcurrentActivityTaskExecutions: number; shutdownGraceTime: any }
