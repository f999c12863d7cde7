import type { ConnectionOptions, Job, Processor, WorkerOptions } from 'bullmq'
import type { Duration, ErrorCode, Json } from '../../index.d.ts'
import type { EngineManager } from './manager-like.d.ts'

export type { EngineManager }

/** The codes after which a job fails at once, because the same call would fail in the same way again. */
export const FINAL_CODES: ReadonlySet<ErrorCode>

export interface ToolProcessorOptions {
  /** The id of the tool that a job calls. Default: the job's name. */
  tool?: string | ((job: Job) => string)
  /** The tool's input. Default: the job's data. */
  input?: (job: Job) => Json
  /** The second argument of the tool. */
  config?: Json | ((job: Job) => Json)
  /** Variables of the call. */
  env?: Record<string, string> | ((job: Job) => Record<string, string> | undefined)
  /** The longest time that one attempt may take. Default: toolExecutionTimeout of the manager. */
  timeout?: Duration | ((job: Job) => Duration | undefined)
  /** toolExecId and idempotencyKey of the calls. Default: `queue:job id`, the same for all attempts. */
  execId?: (job: Job) => string
  /**
   * How much of a tool's output is kept in the job's log, one row for each line, and how often it is written. Default
   * 200 rows, 64 KiB, 250 ms.
   */
  logs?: { lines?: number; bytes?: number; every?: number } | false
  /** The interval in milliseconds at which the last progress value is written. Default 250. */
  progressEvery?: number
  /**
   * After a failure of this host (no process starts, or the entrypoint does not load) its worker takes no job for this
   * many milliseconds. Default 1000.
   */
  hostDelay?: number
  /** Default FINAL_CODES. */
  final?: ReadonlySet<ErrorCode>
  /**
   * For PostgreSQL: a result that jsonb cannot store fails its job at once, instead of running it again. Default false.
   */
  jsonb?: boolean
}

/**
 * Makes the processor of a Worker: each job is a call of the manager. The queue retries; the manager repeats only
 * failed starts. docs/bullmq.md lists which failures end a job, spend an attempt or spend none.
 */
export function toolProcessor(manager: EngineManager, options?: ToolProcessorOptions): Processor<any, any, string>

/**
 * Makes the options of a Worker: as many jobs at once as the manager has slots, and at most `starts` (default 25)
 * starts of a job, including those that ended with their host. Other options that are passed override these.
 */
export function workerOptions<Connection = ConnectionOptions>(
  manager: EngineManager,
  options: WorkerOptions<Connection> & { starts?: number },
): WorkerOptions<Connection>

/** The parts of a Worker that are used. */
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
  /**
   * QueueEvents of the queue. An event `cancelEvent` of a QueueEventsProducer with a `jobId`, and a `reason`, cancels
   * the job on the host where it runs.
   */
  cancellations?: { on(event: any, listener: (event: any) => void): unknown; off(event: any, listener: (event: any) => void): unknown }
  /** Default "cancel". */
  cancelEvent?: string
}

export interface Supervision {
  /**
   * For SIGTERM: takes no more jobs and gives the running ones `drain` milliseconds (default 10,000). Then it cancels
   * the others, which go back to waiting without a spent attempt, and closes worker and manager.
   */
  close(options?: { drain?: number }): Promise<void>
}

/** Ends calls whose job lost its lock or was cancelled from elsewhere, and closes worker and manager together. */
export function superviseWorker(worker: SupervisedWorker, manager: EngineManager, options?: SuperviseOptions): Supervision
