/** console.*: every method writes LOG frames, never to the streams. */
import { format, inspect, table } from './format.mjs'
import { logText } from './log.mjs'
import { clock, ErrorOf, indexOf, isBun, repeat, replaceAll, slice, StringOf, toFixed } from './primordials.mjs'
import { LEVEL, STDERR, STDOUT } from './protocol.mjs'
import { cleanStack } from './failure.mjs'

/** @typedef {{ indent: number, counts: Record<string, number>, timers: Record<string, number> }} ConsoleState */

/** @returns {ConsoleState} */
export const newConsoleState = () => ({ indent: 0, counts: bare(), timers: bare() })
/** @returns {any} */
const bare = () => ({ __proto__: null })

/** @param {string} text */
const withoutLastLineEnd = (text) => (text[text.length - 1] === '\n' ? slice(text, 0, -1) : text)

/**
 * Replaces the methods of the global console.
 * @param {() => ConsoleState} state groups, counters and timers of the call that prints, so that calls do not mix
 * @param {(bytes: any) => void} writeStdout for Bun's console.write
 */
export function patchConsole(state, writeStdout) {
  /** @param {number} stream @param {number} level @param {string} text */
  const print = (stream, level, text) => {
    const { indent } = state()
    const margin = indent > 0 ? repeat(' ', indent) : ''
    logText(stream, level, margin === '' ? text : margin + replaceAll(text, '\n', `\n${margin}`))
  }
  /** @param {number} stream @param {number} level */
  const printer = (stream, level) => (/** @type {any[]} */ ...args) => print(stream, level, format(args))
  const log = printer(STDOUT, LEVEL.log)
  const warn = printer(STDERR, LEVEL.warn)
  const error = printer(STDERR, LEVEL.error)
  const group = (/** @type {any[]} */ ...args) => {
    if (args.length > 0) print(STDOUT, LEVEL.log, format(args))
    state().indent += 2
  }
  /** @param {string} label @param {any[]} rest */
  const elapsed = (label, rest) => {
    const started = state().timers[label]
    if (started === undefined) return
    const took = `${toFixed(clock() - started, isBun ? 2 : 3)}ms`
    const text = isBun ? `[${took}] ${label}` : `${label}: ${took}`
    print(STDOUT, LEVEL.log, rest.length === 0 ? text : `${text} ${format(rest)}`)
  }
  const methods = {
    log,
    dirxml: log,
    debug: printer(STDOUT, LEVEL.debug),
    info: printer(STDOUT, LEVEL.info),
    warn,
    error,
    dir: (/** @type {unknown} */ value, /** @type {any} */ options) => print(STDOUT, LEVEL.log, inspect(value, options)),
    table: (/** @type {unknown} */ data, /** @type {string[] | undefined} */ columns) => {
      const text = table(data, columns)
      print(STDOUT, LEVEL.log, withoutLastLineEnd(text))
    },
    trace: (/** @type {any[]} */ ...args) => {
      const text = format(args)
      const stack = cleanStack(`${new ErrorOf('').stack}`)
      // The first line names the error, which is irrelevant here.
      const frames = slice(stack, indexOf(stack, '\n'))
      print(STDERR, LEVEL.error, `Trace${text === '' ? '' : `: ${text}`}${frames}`)
    },
    assert: (/** @type {unknown} */ condition, /** @type {any[]} */ ...args) => {
      if (condition) return
      if (args.length === 0) error('Assertion failed')
      else print(STDERR, LEVEL.error, `Assertion failed: ${format(args)}`)
    },
    count: (label = 'default') => {
      const { counts } = state()
      const name = StringOf(label)
      counts[name] = (counts[name] ?? 0) + 1
      print(STDOUT, LEVEL.log, `${name}: ${counts[name]}`)
    },
    countReset: (label = 'default') => void delete state().counts[StringOf(label)],
    time: (label = 'default') => void (state().timers[StringOf(label)] ??= clock()),
    timeLog: (label = 'default', /** @type {any[]} */ ...rest) => elapsed(StringOf(label), rest),
    timeEnd: (label = 'default') => {
      elapsed(StringOf(label), [])
      delete state().timers[StringOf(label)]
    },
    group,
    groupCollapsed: group,
    groupEnd: () => {
      const current = state()
      if (current.indent > 0) current.indent -= 2
    },
    clear: () => {},
  }
  for (const name in methods) {
    Object.defineProperty(console, name, { value: methods[/** @type {keyof typeof methods} */ (name)], writable: true, enumerable: true, configurable: true })
  }
  // Bun's additional method for raw writes.
  if ('write' in console) {
    /** @type {any} */ (console).write = (/** @type {any[]} */ ...pieces) => {
      for (let i = 0; i < pieces.length; i++) writeStdout(pieces[i])
      return pieces.length
    }
  }
}
