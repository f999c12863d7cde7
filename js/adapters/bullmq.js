/**
 * A manager as the worker of a BullMQ queue, on Redis, Valkey or PostgreSQL. BullMQ itself is never imported: its
 * errors are recognised by name.
 * The decisions behind it: docs/decisions.md#engines.
 */

export { FINAL_CODES } from './engines/failures.js'
export { toolProcessor } from './bullmq/processor.js'
export { superviseWorker, workerOptions } from './bullmq/worker.js'
