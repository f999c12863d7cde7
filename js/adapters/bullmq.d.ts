import type { ConnectionOptions, Job, Processor, WorkerOptions } from 'bullmq'
import type { Duration, ErrorCode, Json } from '../../index.d.ts'
import type { EngineManager } from './manager-like.d.ts'

export type { EngineManager }

/** The codes after which a job fails at once: the same call would meet them again. */
export const FINAL_CODES: ReadonlySet<ErrorCode>

export interface ToolProcessorOptions {
  /** Which tool a job is for. Default: the job's name. */
  tool?: string | ((job: Job) => string)
  /** The tool's input. Default: the job's data. */
  input?: (job: Job) => Json
  /** Second argument of the tool. */
  config?: Json | ((job: Job) => Json)
  /** Variables of the call. */
  env?: Record<string, string> | ((job: Job) => Record<string, string> | undefined)
  /** Longest one attempt may take. Default: toolExecutionTimeout of the manager. */
  timeout?: Duration | ((job: Job) => Duration | undefined)
  /** toolExecId and idempotencyKey of the calls. Default: `queue:job id`, the same for all attempts. */
  execId?: (job: Job) => string
  /** What is kept of what a tool prints, a row of the job's log for each line, and how often it is written. Default 200, 64 KiB, 250 ms. */
  logs?: { lines?: number; bytes?: number; every?: number } | false
  /** The last progress value is written once in so many milliseconds. Default 250. */
  progressEvery?: number
  /** After a failure of this host (no process starts, the entrypoint does not load) its worker takes no job for so many milliseconds. Default 1000. */
  hostDelay?: number
  /** Default FINAL_CODES. */
  final?: ReadonlySet<ErrorCode>
  /** For PostgreSQL: a result that jsonb cannot hold fails its job at once, instead of running it again. Default false. */
  jsonb?: boolean
}

/**
 * The processor of a Worker: a job is a call of the manager. The queue retries, the manager repeats starts only. Which failure ends
 * a job, spends an attempt or spends none: docs/bullmq.md.
 */
export function toolProcessor(manager: EngineManager, options?: ToolProcessorOptions): Processor<any, any, string>

/**
 * Options of a Worker: as many jobs at once as the manager has slots, and `starts` (default 25) starts of a job in all, those
 * included that ended with their host. What is given besides wins.
 */
export function workerOptions<Connection = ConnectionOptions>(
  manager: EngineManager,
  options: WorkerOptions<Connection> & { starts?: number },
): WorkerOptions<Connection>

/** What is needed of a Worker. */
export interface SupervisedWorker {
  readonly closing: Promise<void> | undefined
  isPaused(): boolean
  pause(doNotWaitActive?: boolean): Promise<void>
  resume(): Promise<void>
  close(force?: boolean): Promise<void>
  cancelJob(jobId: string, reason?: string): boolean
  cancelAllJobs(reason?: string): void
  on(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown
  off(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown
}

export interface SuperviseOptions {
  /** QueueEvents of the queue. An event `cancelEvent` of a QueueEventsProducer with `jobId`, and a `reason`, cancels the job where it runs. */
  cancellations?: { on(event: any, listener: (event: any) => void): unknown; off(event: any, listener: (event: any) => void): unknown }
  /** Default "cancel". */
  cancelEvent?: string
}

export interface Supervision {
  /**
   * For SIGTERM: takes no more jobs, gives the running ones `drain` milliseconds (default 10,000), cancels the others, which go back
   * to waiting without a spent attempt, and closes worker and manager.
   */
  close(options?: { drain?: number }): Promise<void>
}

/** Ends calls whose job's lock was lost or that are cancelled from elsewhere, and closes worker and manager together. */
export function superviseWorker(worker: SupervisedWorker, manager: EngineManager, options?: SuperviseOptions): Supervision
