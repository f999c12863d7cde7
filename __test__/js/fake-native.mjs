/**
 * A native addon made of JavaScript, for what only the JavaScript half decides. It answers when the test says so, in a
 * task of its own as the real one does, and writes down what it was asked.
 */

import { createManagerClass } from '../../js/manager.js'

export const DEFAULTS = {
  toolExecutionTimeout: 60_000,
  maxQueue: { $js: 'number', text: 'Infinity' },
  bunPermissions: ['--allow-read'],
  runtimeType: 'bun',
}

class FakeManager {
  submitted = []
  asked = []
  refusal = null
  #items = []
  #wake

  constructor(options, wake) {
    this.options = options
    this.#wake = wake
  }

  info() {
    const enforcement = { level: 'none', landlockAbi: null, seccomp: false, permissions: [] }
    return JSON.stringify({ config: DEFAULTS, workingDir: '/project', workerFileHash: 'ab'.repeat(32), enforcement })
  }

  submit(call, toolId, toolExecId, input, config, env, timeout, retry, flags) {
    if (this.refusal !== null) return JSON.stringify(this.refusal)
    this.submitted.push({ call, toolId, toolExecId, input, config, env, timeout, retry, flags })
    this.onSubmit?.(call)
    return null
  }

  drain() {
    return this.#items.splice(0)
  }

  /** What happened since; the manager hears of it in a task of its own. */
  happen(...items) {
    this.#items.push(...items)
    setImmediate(this.#wake)
  }

  flush() {
    this.asked.push('flush')
  }
  cancel(call) {
    this.asked.push(`cancel ${call}`)
    this.onCancel?.(call)
  }
  observe(flags) {
    this.asked.push(`observe ${flags}`)
  }
  ready(ticket) {
    this.asked.push('ready')
    this.ticket = ticket
  }
  listTools(ticket) {
    this.asked.push('listTools')
    this.ticket = ticket
  }
  close(force) {
    this.asked.push(`close ${force}`)
  }
  abandon() {
    this.asked.push('abandon')
  }
  stats() {
    return '{"queued":0}'
  }
  metrics() {
    return '# TYPE toolwarden_build_info gauge\n'
  }
}

export const result = (call, text) => [0, call, text, null]
export const failure = (call, data) => [1, call, JSON.stringify({ message: 'it failed', ...data }), null]
export const log = (call, ...entries) => [2, call, JSON.stringify(entries), null]
export const progress = (call, text) => [3, call, text, null]
export const record = (data) => [4, 0, JSON.stringify(data), null]
export const ready = (ticket, data) => [5, ticket, data === undefined ? null : JSON.stringify(data), null]
export const queueDrained = () => [6, 0, null, null]
export const closed = () => [7, 0, null, null]
export const tools = (ticket, value, failed = false) => [8, ticket, JSON.stringify(value), failed ? 1 : null]

export function fakeModule() {
  const module = {
    opened: [],
    openRefusal: null,
    preset: (name) => JSON.stringify({ ...DEFAULTS, preset: name }),
    configFromEnv(pairs) {
      module.pairs = JSON.parse(pairs)
      return JSON.stringify(module.fromEnv ?? { ok: { maxQueue: DEFAULTS.maxQueue } })
    },
    timeoutProblem: null,
    checkTimeout(given) {
      module.checkedTimeout = given
      return module.timeoutProblem === null ? null : JSON.stringify(module.timeoutProblem)
    },
    isBunAvailable(workingDir, hostDirs) {
      module.askedForBun = { workingDir, hostDirs }
      return true
    },
    open(options, wake) {
      if (module.openRefusal !== null) return JSON.stringify(module.openRefusal)
      const manager = new FakeManager(JSON.parse(options), wake)
      module.opened.push(manager)
      return manager
    },
  }
  return module
}

/** @type {FakeManager[]} */
const opened = []

/** A manager over a fake, and the fake. */
export function openFake(config) {
  const module = fakeModule()
  const { Manager } = createManagerClass(module)
  const manager = new Manager('/project', config)
  const [native] = module.opened
  opened.push(native)
  return { manager, native, module }
}

/** For after(): a call without an answer rightly keeps its host alive, also when a test only looks at how it was made. */
export async function answerTheRest() {
  for (const native of opened) native.happen(...native.submitted.flatMap(({ call }) => result(call, null)))
  await new Promise(setImmediate)
}

/** The error a promise is rejected with; a promise that fulfils is a failed test. */
export async function rejection(promise) {
  let value
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`fulfilled with ${JSON.stringify(value)}`)
}
