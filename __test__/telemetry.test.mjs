import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

import { TOOLS } from './support/cli.mjs'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const LONG_INTERVAL_MS = 3_600_000

describe('telemetry', () => {
  const bench = workbench()
  const spans = new InMemorySpanExporter()
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  let reader

  before(() => {
    reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: LONG_INTERVAL_MS })
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  })
  after(async () => {
    await reader.shutdown()
    for (const api of [context, trace, metrics]) api.disable()
  })

  const open = (config) => bench.open(bench.project(), { entrypointPath: TOOLS, ...config })
  const lastSpan = () => spans.getFinishedSpans().at(-1)

  test('a call is a span with the attributes of the conventions', async () => {
    await open().executeTool('greet', { name: 'Ada' }, { toolExecId: 'exec-1' })
    const span = lastSpan()
    assert.equal(span.name, 'execute_tool greet')
    assert.equal(span.kind, SpanKind.INTERNAL)
    assert.deepEqual(span.attributes, {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'greet',
      'gen_ai.tool.call.id': 'exec-1',
      'gen_ai.tool.type': 'function',
      'toolwarden.permissions': ['--allow-read'],
    })
    assert.equal(span.status.code, SpanStatusCode.UNSET)
  })

  test('the flags in force for the tool, or those of the call, are told', async () => {
    const manager = open({ tools: { 'gr*': { bunPermissions: ['--allow-read', '--allow-env=HOME'] } } })
    const flags = async (tool, options) => {
      await manager.executeTool(tool, { name: 'Ada' }, options)
      return lastSpan().attributes['toolwarden.permissions']
    }
    assert.deepEqual(await flags('greet'), ['--allow-read', '--allow-env=HOME'])
    assert.deepEqual(await flags('echo'), ['--allow-read'])
    assert.deepEqual(await flags('greet', { permissions: ['--allow-read'] }), ['--allow-read'])
  })

  test('a generated execution id is the same in the span and in the record', async () => {
    const manager = open()
    const recorded = new Promise((resolve) => manager.once('execution', resolve))
    await manager.executeTool('echo')
    assert.equal(lastSpan().attributes['gen_ai.tool.call.id'], (await recorded).toolExecId)
  })

  test('a failure has its code, and the error is what it is without telemetry', async () => {
    const error = await failure(open().executeTool('fail'))
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.match(error.stack, /telemetry\.test\.mjs/)
    assert.doesNotMatch(error.stack, /js\/telemetry\.js/)
    assert.equal(lastSpan().attributes['error.type'], 'ERR_TOOL_THREW')
    assert.equal(lastSpan().status.code, SpanStatusCode.ERROR)
  })

  test('inputs and outputs only when asked for', async () => {
    await open({ telemetry: { recordInputs: true, recordOutputs: true } }).executeTool('greet', { name: 'Ada' })
    const { attributes } = lastSpan()
    assert.equal(attributes['gen_ai.tool.call.arguments'], '{"name":"Ada"}')
    assert.equal(attributes['gen_ai.tool.call.result'], '{"greeting":"Hello, Ada."}')
  })

  test('the span is a child of the active one, and TRACEPARENT leads the tool to it', async () => {
    const manager = open()
    const tracer = trace.getTracer('test')
    const { parent, seen } = await tracer.startActiveSpan('agent', async (span) => {
      const value = await manager.executeTool('variable', { name: 'TRACEPARENT' })
      span.end()
      return { parent: span.spanContext(), seen: value }
    })
    const span = spans.getFinishedSpans().find(({ name }) => name === 'execute_tool variable')
    assert.equal(span.spanContext().traceId, parent.traceId)
    assert.equal(span.parentSpanContext.spanId, parent.spanId)
    assert.equal(seen, `00-${parent.traceId}-${span.spanContext().spanId}-01`)
  })

  test("a TRACEPARENT of the caller's own stays", async () => {
    const own = '00-11111111111111111111111111111111-2222222222222222-00'
    const seen = await open().executeToolWithTimeout('variable', { name: 'TRACEPARENT' }, '10s', { env: { TRACEPARENT: own } })
    assert.equal(seen, own)
  })

  test('options that are refused are refused as without telemetry', async () => {
    assert.equal((await failure(open().executeTool('echo', {}, 7))).code, 'ERR_INPUT_INVALID')
    assert.equal((await failure(open().executeTool('echo', {}, { env: [] }))).code, 'ERR_ENV_INVALID')
  })

  test('durations are a histogram in seconds, and made-up ids have no series of their own', async () => {
    const manager = open()
    await manager.executeTool('echo')
    await failure(manager.executeTool('made-up-1'))
    await failure(manager.executeTool('made-up-2'))
    await reader.forceFlush()
    const { descriptor, dataPoints } = points
      .getMetrics()
      .at(-1)
      .scopeMetrics.flatMap((scope) => scope.metrics)
      .find((metric) => metric.descriptor.name === 'gen_ai.execute_tool.duration')
    assert.equal(descriptor.unit, 's')
    const unknown = dataPoints.filter(({ attributes }) => attributes['gen_ai.tool.name'] === 'unknown')
    assert.deepEqual(
      unknown.map(({ attributes, value }) => [attributes['error.type'], value.count]),
      [['ERR_TOOL_NOT_FOUND', 2]],
    )
    const echo = dataPoints.find(({ attributes }) => attributes['gen_ai.tool.name'] === 'echo' && !attributes['error.type'])
    assert.ok(echo.value.count >= 1)
    assert.ok(echo.value.max < 10, 'seconds, not milliseconds')
  })
})

describe('telemetry without a registered SDK', () => {
  test('loads nothing', () => {
    const script = `
      import { createRequire } from 'node:module'
      import { telemetry } from ${JSON.stringify(new URL('../js/telemetry.js', import.meta.url).href)}
      const found = telemetry()
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@opentelemetry'))
      console.log(JSON.stringify([found, loaded]))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    })
    assert.equal(stdout, '[null,[]]\n', stderr)
  })
})
