/** Tests that one trace covers the program that adds a job, the job and its tool, over a real Redis. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Queue, Worker } from 'bullmq'
import { BullMQOtel } from 'bullmq-otel'

import { toolProcessor, workerOptions } from '../../js/adapters/bullmq.js'
import { startRedis } from '../../scripts/servers/redis.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

describe('the trace of a request', () => {
  const bench = workbench()
  const spans = new InMemorySpanExporter()
  let server
  before(async () => {
    server = await startRedis()
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
  })
  after(async () => {
    for (const api of [context, propagation, trace]) api.disable()
    // Bun runs all test files in one process: without this the managers of the others would take telemetry for registered.
    delete globalThis[Symbol.for('opentelemetry.js.api.1')]
    await server?.stop()
  })

  test('goes on in its job, in the call, and in the process of the tool', async () => {
    const { connection } = server
    const telemetry = new BullMQOtel('test')
    const manager = bench.openTools('engines.ts')
    const queue = new Queue('traced', { connection, telemetry })
    const worker = new Worker('traced', toolProcessor(manager), workerOptions(manager, { connection, telemetry }))
    try {
      const completed = new Promise((resolve, reject) => worker.once('completed', resolve).once('failed', (_, error) => reject(error)))
      const tracer = trace.getTracer('test')
      const requestId = await tracer.startActiveSpan('request', async (span) => {
        await queue.add('trace', {})
        span.end()
        return span.spanContext().traceId
      })
      const { returnvalue } = await bounded(completed, 'a traced job')
      const call = spans.getFinishedSpans().find(({ name }) => name === 'execute_tool trace')
      assert.equal(call.spanContext().traceId, requestId)
      assert.equal(call.attributes['toolwarden.attempt'], 1)
      assert.equal(returnvalue, `00-${requestId}-${call.spanContext().spanId}-01`)
      const parent = spans.getFinishedSpans().find((span) => span.spanContext().spanId === call.parentSpanContext?.spanId)
      // The job's span ends after the call's span, and may not have been exported yet.
      if (parent !== undefined) assert.equal(parent.spanContext().traceId, requestId)
    } finally {
      await worker.close(true)
      await queue.close()
    }
  })
})
