/** Compiled, never run: what a user's TypeScript may and may not say of the adapters for engines. */

import type { ConnectionOptions, Job } from 'bullmq'
import { createPostgresBackend, Queue, QueueEvents, Worker } from 'bullmq'
import { Worker as TemporalWorker } from '@temporalio/worker'
import { connect } from '@restatedev/restate-sdk-clients'
import { serve } from '@restatedev/restate-sdk'
import { Manager, ToolwardenError } from '../../index.js'
import { FINAL_CODES, superviseWorker, toolProcessor, workerOptions } from '../../js/adapters/bullmq.js'
import { toolService } from '../../js/adapters/restate.js'
import { toolActivities, toolExecId, workerOptions as temporalOptions } from '../../js/adapters/temporal.js'

declare const manager: Manager
declare const connection: ConnectionOptions
declare const pool: { host: string; migrate: boolean }

// BullMQ, on Redis and on PostgreSQL
const worker = new Worker('q', toolProcessor(manager, { tool: (job: Job) => job.name, timeout: '5s', logs: false }), workerOptions(manager, { connection, starts: 10 }))
new Worker('q', toolProcessor(manager, { jsonb: true, env: () => ({ A: 'b' }), logs: { lines: 5 } }), workerOptions(manager, { connection: pool }), createPostgresBackend)
const closed: Promise<void> = superviseWorker(worker, manager, { cancellations: new QueueEvents('q', { connection }), cancelEvent: 'stop' }).close({ drain: 5 })
const final: boolean = FINAL_CODES.has('ERR_INPUT_INVALID')
new Queue('q', { connection })
// @ts-expect-error an option nobody knows
toolProcessor(manager, { retries: 3 })
// @ts-expect-error no such code
FINAL_CODES.has('ERR_SOMETHING')
// @ts-expect-error milliseconds
superviseWorker(worker, manager).close({ drain: '5s' })

// Temporal
const activities = await toolActivities(manager, { tools: ['a'], timeout: (info) => info.startToCloseTimeoutMs, execId: toolExecId })
const temporal = TemporalWorker.create({ taskQueue: 'q', activities, ...temporalOptions(manager, { drain: '5s' }) })
// @ts-expect-error ids are text
toolActivities(manager, { tools: [1] })

// Restate
const service = await toolService(manager, { name: 'mine', retry: { maxRetryAttempts: 2 }, config: (request) => ({ of: request.id }) })
const port: Promise<number> = serve({ services: [service] })
const client = connect({ url: 'http://127.0.0.1' }).serviceClient(service)
// @ts-expect-error results are kept as JSON by Restate itself
toolService(manager, { retry: { serde: null } })

export const all = [closed, final, temporal, port, client, ToolwardenError]
