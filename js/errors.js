/**
 * The public error classes, and the one place that creates them: the core passes failures as data (an async native
 * function cannot throw an error with a code), and here they become errors with the caller's stack.
 */

/**
 * Marks a prototype as one of ours. The symbol is registered, so `instanceof` also works between two copies of this
 * package and between realms, where the classes differ.
 * @param {string} name
 */
const brandOf = (name) => Symbol.for(`toolwarden.${name}`)

/** @type {unique symbol} own property of each class below, absent on classes that users derive from them */
const BRAND = Symbol('toolwarden.brand')

/** Fields that are left out when they have no value, because the contract declares them optional. */
const OPTIONAL = new Set(['hint', 'issues', 'permission', 'resource'])

export class ToolwardenError extends Error {
  /**
   * @param {string} [message]
   * @param {Record<string, unknown>} [fields] `cause`, `code` and the fields of the class
   */
  constructor(message, fields = {}) {
    super(message, 'cause' in fields ? { cause: fields.cause } : undefined)
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'cause' || (OPTIONAL.has(name) && (value === null || value === undefined))) continue
      Object.defineProperty(this, name, { value, enumerable: true, configurable: true, writable: true })
    }
  }

  /** @param {unknown} value @override */
  static [Symbol.hasInstance](value) {
    const brand = Object.hasOwn(this, BRAND) ? Reflect.get(this, BRAND) : undefined
    if (brand === undefined) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && brand in value
  }
}

export class ConfigError extends ToolwardenError {}
export class ValidationError extends ToolwardenError {}
export class ProcessError extends ToolwardenError {}
export class ToolExecutionError extends ToolwardenError {}

for (const [name, Class] of Object.entries({
  ToolwardenError,
  ConfigError,
  ValidationError,
  ProcessError,
  ToolExecutionError,
})) {
  const brand = brandOf(name)
  Object.defineProperty(Class, BRAND, { value: brand })
  Object.defineProperty(Class.prototype, brand, { value: true })
  // On the prototype, because an own property would appear among the fields when the error is printed.
  Object.defineProperty(Class.prototype, 'name', { value: name, configurable: true, writable: true })
}

/** The class of each code; every other code is a failed call. @type {Record<string, typeof ToolwardenError>} */
const CLASS_OF = {
  ERR_CONFIG_INVALID: ConfigError,
  ERR_RUNTIME_UNSUPPORTED: ConfigError,
  ERR_SANDBOX_UNAVAILABLE: ConfigError,
  ERR_ENTRYPOINT_NOT_FOUND: ConfigError,
  ERR_TOOL_ID_INVALID: ValidationError,
  ERR_ENV_INVALID: ValidationError,
  ERR_INPUT_INVALID: ValidationError,
  ERR_RUNTIME_NOT_FOUND: ProcessError,
  ERR_ENTRYPOINT_LOAD: ProcessError,
  ERR_WORKER_START: ProcessError,
}

/** Whose doing a failure is. What is not named here is the tool's. @type {Record<string, 'call' | 'host'>} */
const FAULT_OF = {
  ERR_TOOL_ID_INVALID: 'call',
  ERR_ENV_INVALID: 'call',
  ERR_INPUT_INVALID: 'call',
  ERR_TOOL_NOT_FOUND: 'call',
  ABORT_ERR: 'call',
  ERR_CONFIG_INVALID: 'host',
  ERR_RUNTIME_UNSUPPORTED: 'host',
  ERR_RUNTIME_NOT_FOUND: 'host',
  ERR_SANDBOX_UNAVAILABLE: 'host',
  ERR_ENTRYPOINT_NOT_FOUND: 'host',
  ERR_ENTRYPOINT_LOAD: 'host',
  ERR_WORKER_START: 'host',
  ERR_QUEUE_FULL: 'host',
  ERR_MANAGER_CLOSED: 'host',
}

/**
 * The fields of each class, with the values used when the core provides none.
 * @type {Map<typeof ToolwardenError, Record<string, unknown>>}
 */
const FIELDS_OF = new Map([
  [ConfigError, { problems: [] }],
  [ValidationError, { operation: 'validate inputs', field: '', issues: null }],
  [ProcessError, { operation: 'start worker', attempts: 0, exitCode: null, signal: null, stderr: '', denials: [] }],
  [
    ToolExecutionError,
    {
      toolId: '',
      toolExecId: '',
      operation: 'execute',
      attempts: 0,
      timedOut: false,
      exitCode: null,
      signal: null,
      stderr: '',
      issues: null,
      permission: null,
      resource: null,
      denials: [],
    },
  ],
])

/** @typedef {import('./call-site.js').Site} Site */

/** @param {Error} error @param {Site} site */
function useStackOf(error, site) {
  const stack = site.stack ?? ''
  const frames = stack.indexOf('\n')
  const text = frames === -1 ? `${error}` : `${error}${stack.slice(frames)}`
  Object.defineProperty(error, 'stack', { value: text, configurable: true, writable: true })
}

/**
 * Creates the error for one failure of the core.
 * @param {import('./native-interface.d.ts').ErrorData} data
 * @param {Site} site
 * @param {{ signal?: AbortSignal | undefined }} [call] the signal that may have ended the call
 * @returns {ToolwardenError}
 */
export function errorFrom(data, site, call) {
  const Class = CLASS_OF[data.code] ?? ToolExecutionError
  /** @type {Record<string, unknown>} */
  const fields = { code: data.code, fault: FAULT_OF[data.code] ?? 'tool', hint: data.hint }
  for (const [name, absent] of Object.entries(FIELDS_OF.get(Class) ?? {})) {
    fields[name] = Reflect.get(data, name) ?? absent
  }
  const aborted = data.code === 'ABORT_ERR'
  if (aborted && call?.signal !== undefined) fields.cause = call.signal.reason
  else if (data.cause !== null && data.cause !== undefined) fields.cause = data.cause

  const error = new Class(data.message, fields)
  // The name that every other API gives a cancelled operation, so that callers recognise it without knowing this
  // package.
  if (aborted) Object.defineProperty(error, 'name', { value: 'AbortError', configurable: true, writable: true })
  useStackOf(error, site)
  return error
}

/**
 * An argument that is rejected in JavaScript because it cannot cross to the core; it becomes a ValidationError where it
 * is caught.
 */
export class ArgumentProblem {
  /**
   * @param {'ERR_TOOL_ID_INVALID' | 'ERR_ENV_INVALID' | 'ERR_INPUT_INVALID'} code
   * @param {string} field
   * @param {string} message
   * @param {{ hint?: string, cause?: unknown }} [more]
   */
  constructor(code, field, message, more = {}) {
    this.data = { code, field, message, hint: more.hint ?? null, cause: more.cause ?? null }
  }
}
