/**
 * A native addon made of JavaScript, for tests of the JavaScript half alone. It answers when the test says so, in a
 * task of its own as the real addon does, and records the requests that it received.
 */

import { createManagerClass } from '../../js/manager.js'
import { CALL_FIELDS, EVENT, EVENT_FIELDS, NO_TEXT } from '../../js/native-protocol.js'

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
    const enforcement = { level: 'none', landlockAbi: null, seccomp: false, memory: 'watchdog', permissions: [], readable: [], temporary: null, tools: {} }
    return JSON.stringify({ config: DEFAULTS, workingDir: '/project', workerFileHash: 'ab'.repeat(32), enforcement })
  }

  submit(texts, head, count) {
    const calls = Array.from({ length: count }, (_, index) => head.subarray(index * CALL_FIELDS, (index + 1) * CALL_FIELDS))
    let rest = texts
    const cut = (length, end = 0) => {
      if (length === NO_TEXT) return null
      const text = rest.slice(0, length)
      rest = rest.slice(length + end)
      return text
    }
    const refused = []
    for (const [call, flags, attempt, tool, exec, input, config, env, timeout, retry, key, permissions] of calls) {
      const asked = {
        call,
        toolId: cut(tool, 1),
        toolExecId: cut(exec, 1),
        input: cut(input),
        config: cut(config),
        env: cut(env),
        timeout: cut(timeout),
        retry: cut(retry),
        flags,
        ...(attempt === 0 ? {} : { attempt }),
        ...(key === NO_TEXT ? {} : { idempotencyKey: cut(key) }),
        ...(permissions === NO_TEXT ? {} : { permissions: cut(permissions) }),
      }
      if (this.refusal !== null) refused.push([call, this.refusal])
      else this.submitted.push(asked)
    }
    this.onSubmit?.(...calls.map(([call]) => call))
    return refused.length === 0 ? null : JSON.stringify(refused)
  }

  drain(head) {
    const room = Math.floor((head.length - 1) / EVENT_FIELDS)
    const events = this.#items.splice(0, room)
    head[0] = events.length
    head.set(events.flatMap(([kind, call, text]) => [kind, call, text === null ? NO_TEXT : text.length]), 1)
    return events.map(([, , text]) => text ?? '').join('')
  }

  /** The events since the last task; the manager receives them in a task of its own. */
  happen(...items) {
    this.#items.push(...items)
    setImmediate(this.#wake)
  }

  cancel(call, why) {
    this.asked.push(why === null ? `cancel ${call}` : `cancel ${call}: ${why}`)
    this.onCancel?.(call)
  }
  observe(flags) {
    this.asked.push(`observe ${flags}`)
  }
  ready(question) {
    this.asked.push('ready')
    this.question = question
  }
  listTools(question) {
    this.asked.push('listTools')
    this.question = question
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

export const result = (call, text) => [[EVENT.result, call, text]]
export const failure = (call, data) => [[EVENT.error, call, JSON.stringify({ message: 'it failed', ...data })]]
/** Entries of one call, as src/binding/lines.rs packs them. */
export const log = (call, first, ...more) => {
  const lines = [first, ...more].flatMap(({ stream, level, time, text }, index) => [stream, level, index > 0 && time === first.time ? null : time, text])
  return [[EVENT.log, call, JSON.stringify([first.toolId, first.toolExecId, ...lines])]]
}
export const progress = (call, text) => [[EVENT.progress, call, text]]
export const record = (data) => [[EVENT.record, 0, JSON.stringify(data)]]
export const ready = (question, data) => [[EVENT.ready, question, data === undefined ? null : JSON.stringify(data)]]
export const queueDrained = () => [[EVENT.drain, 0, null]]
export const closed = () => [[EVENT.closed, 0, null]]
export const tools = (question, value, failed = false) => [[failed ? EVENT.noTools : EVENT.tools, question, JSON.stringify(value)]]

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
    closeTimeout: (given) => (typeof JSON.parse(given) === 'number' ? JSON.parse(given) : JSON.stringify({ code: 'ERR_INPUT_INVALID', message: 'no duration' })),
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

/** Makes a manager over a fake addon, and returns both. */
export function openFake(config) {
  const module = fakeModule()
  const { Manager } = createManagerClass(module)
  const manager = new Manager('/project', config)
  const [native] = module.opened
  opened.push(native)
  return { manager, native, module }
}

/**
 * For after(): a call without an answer keeps its host alive, also in a test that only looks at how the call was made.
 */
export async function answerTheRest() {
  for (const native of opened) native.happen(...native.submitted.flatMap(({ call }) => result(call, null)))
  await new Promise(setImmediate)
}

/** The error that a promise is rejected with; the test fails if the promise is fulfilled. */
export async function rejection(promise) {
  let value
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`fulfilled with ${JSON.stringify(value)}`)
}
