/**
 * OpenTelemetry for calls: a span, a duration histogram, and the trace context for the tool.
 *
 * `@opentelemetry/api` keeps what an application registered in one global. While that global does not exist nothing can
 * be
 * recorded, so the package is not even loaded: a call then costs one property look-up.
 */

import nodeModule from 'node:module'
import { performance } from 'node:perf_hooks'
import { isRecord } from './user-value.js'
import { here } from './code-location.js'
import { packageVersion } from './package-version.js'

/** @typedef {typeof import('@opentelemetry/api')} Api */
/** @typedef {{ recordInputs?: boolean, recordOutputs?: boolean, permissionsOf: (toolId: string) => readonly string[] }} Settings */

const REGISTERED = Symbol.for('opentelemetry.js.api.1')
const SCOPE = 'toolwarden'
const DURATION = 'gen_ai.execute_tool.duration'
/** In seconds, from the conventions for operations of generative AI. */
const BUCKETS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
/** Invented ids must not become label values, because there is no limit to them. */
const NO_SUCH_TOOL = new Set(['ERR_TOOL_NOT_FOUND', 'ERR_TOOL_ID_INVALID'])

/** @type {Api | null | undefined} undefined: not looked for yet; null: not installed */
let loaded
/** @type {string} */
let version

/** The application's telemetry, where it registered one. @returns {Api | null} */
export function telemetry() {
  if (!(REGISTERED in globalThis)) return null
  if (loaded !== undefined) return loaded
  try {
    loaded = /** @type {Api} */ (nodeModule.createRequire(here)('@opentelemetry/api'))
    version = packageVersion()
  } catch {
    loaded = null
  }
  return loaded
}

/**
 * One per meter provider, because the global one can be replaced.
 * @type {WeakMap<object, import('@opentelemetry/api').Histogram>}
 */
const histograms = new WeakMap()

/** @param {Api} otel */
function histogram(otel) {
  const provider = otel.metrics.getMeterProvider()
  let found = histograms.get(provider)
  if (found === undefined) {
    found = provider.getMeter(SCOPE, version).createHistogram(DURATION, {
      unit: 's',
      description: 'Duration of tool executions',
      advice: { explicitBucketBoundaries: BUCKETS },
    })
    histograms.set(provider, found)
  }
  return found
}

/**
 * The call's variables with the trace context added. The caller's values take precedence; an invalid object is rejected
 * later.
 * @param {Api} otel
 * @param {import('@opentelemetry/api').Span} span
 * @param {any} env
 */
function withTrace(otel, span, env = {}) {
  const context = span.spanContext()
  if (!otel.isSpanContextValid(context) || !isRecord(env)) return env
  const flags = context.traceFlags.toString(16).padStart(2, '0')
  const state = context.traceState?.serialize()
  return {
    TRACEPARENT: `00-${context.traceId}-${context.spanId}-${flags}`,
    ...(state ? { TRACESTATE: state } : undefined),
    ...env,
  }
}

/** Accepts any value: one that JSON cannot express is rejected by the call itself. @param {unknown} value */
function asText(value) {
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch {
    return String(value)
  }
}

/** What this call may do. @param {unknown} toolId @param {any} options @param {Settings} settings @returns {readonly string[]} */
function flagsOf(toolId, { permissions }, settings) {
  if (Array.isArray(permissions)) return permissions.map(String)
  return typeof toolId === 'string' ? settings.permissionsOf(toolId) : []
}

/**
 * @param {Api} otel
 * @param {any} toolId
 * @param {unknown} input
 * @param {any} options
 * @param {Settings} settings
 * @param {(options: any) => Promise<any>} call
 */
async function recorded(otel, toolId, input, options, settings, call) {
  /** @type {Record<string, string>} */
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': String(toolId) }
  const span = otel.trace.getTracer(SCOPE, version).startSpan(`execute_tool ${String(toolId)}`, {
    kind: otel.SpanKind.INTERNAL,
    attributes: { ...attributes, 'gen_ai.tool.type': 'function', 'gen_ai.tool.call.id': options.toolExecId },
  })
  if (Number.isInteger(options.attempt)) span.setAttribute('toolwarden.attempt', options.attempt)
  span.setAttribute('toolwarden.permissions', [...flagsOf(toolId, options, settings)])
  if (settings.recordInputs && span.isRecording()) span.setAttribute('gen_ai.tool.call.arguments', asText(input))
  const start = performance.now()
  try {
    const result = await otel.context.with(otel.trace.setSpan(otel.context.active(), span), () =>
      call({ ...options, env: withTrace(otel, span, options.env) }),
    )
    if (settings.recordOutputs && span.isRecording()) span.setAttribute('gen_ai.tool.call.result', asText(result))
    return result
  } catch (error) {
    const { code, name, message } = Object(error)
    attributes['error.type'] = String(code ?? name ?? '_OTHER')
    if (NO_SUCH_TOOL.has(code)) attributes['gen_ai.tool.name'] = 'unknown'
    span.setAttribute('error.type', /** @type {string} */ (attributes['error.type']))
    span.setStatus({ code: otel.SpanStatusCode.ERROR, message: String(message) })
    throw error
  } finally {
    span.end()
    histogram(otel).record((performance.now() - start) / 1000, attributes)
  }
}

/**
 * Runs a call with telemetry. Options that will be rejected are left alone.
 * @param {Api} otel
 * @param {any} toolId
 * @param {unknown} input
 * @param {any} options
 * @param {Settings} settings
 * @param {() => string} newExecId
 * @param {(options: any) => Promise<any>} call
 */
export function observed(otel, toolId, input, options, settings, newExecId, call) {
  if (options === undefined) return recorded(otel, toolId, input, { toolExecId: newExecId() }, settings, call)
  if (!isRecord(options)) return call(options)
  const complete = Reflect.get(options, 'toolExecId') === undefined ? { ...options, toolExecId: newExecId() } : options
  return recorded(otel, toolId, input, complete, settings, call)
}
