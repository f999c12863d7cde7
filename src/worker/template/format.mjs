/** Formats values like the runtime's own console. */
import { apply, builtin, bun, charCodeAt, includes, jsonStringify, NumberOf, parseDecimal, parseInteger, slice, StringOf } from './primordials.mjs'

/** Bun's console prints nested values to this depth. */
const BUN_DEPTH = 2
const inspectBun = bun ? bun.inspect : null
const formatNode = bun ? null : builtin('util').format
const inspectNode = bun ? null : builtin('util').inspect

/** @param {unknown} value @param {any} [options] @returns {string} */
export function inspect(value, options) {
  if (inspectNode) return inspectNode(value, options)
  return /** @type {NonNullable<typeof inspectBun>} */ (inspectBun)(value, { depth: BUN_DEPTH, __proto__: null, ...options })
}

/** Handles format specifiers. @param {unknown[]} args @returns {string} */
export function format(args) {
  if (args.length === 1 && typeof args[0] === 'string') return args[0]
  if (formatNode) return apply(formatNode, undefined, args)
  let text = ''
  let next = 0
  if (args.length > 1 && typeof args[0] === 'string' && includes(args[0], '%')) {
    next = 1
    const pattern = args[0]
    let from = 0
    for (let i = 0; i + 1 < pattern.length; i++) {
      if (charCodeAt(pattern, i) !== 37) continue
      const specifier = pattern[i + 1]
      if (specifier !== '%' && (next >= args.length || !includes('sdifjoOc', specifier))) continue
      text += slice(pattern, from, i) + (specifier === '%' ? '%' : specified(specifier, args[next++]))
      from = i + 2
      i++
    }
    text += slice(pattern, from)
  }
  for (; next < args.length; next++) {
    if (next > 0) text += ' '
    const value = args[next]
    text += typeof value === 'string' ? value : inspect(value)
  }
  return text
}

/** @param {string} specifier @param {any} value @returns {string} */
function specified(specifier, value) {
  switch (specifier) {
    case 's':
      return typeof value === 'function' ? inspect(value) : StringOf(value)
    case 'd':
    case 'i':
    case 'f':
      if (typeof value === 'bigint') return `${value}n`
      if (typeof value === 'symbol' || (typeof value === 'object' && value !== null)) return 'NaN'
      if (specifier === 'd') return `${NumberOf(value)}`
      return `${specifier === 'i' ? parseInteger(value) : parseDecimal(value)}`
    case 'j':
      return `${jsonStringify(value)}`
    case 'c':
      return ''
    default:
      return typeof value === 'string' ? value : inspect(value)
  }
}

/** The text of console.table. @param {unknown} data @param {string[] | undefined} columns */
export function table(data, columns) {
  if (typeof data !== 'object' || data === null) return format([data])
  if (bun) return bun.inspect.table(data, columns, { colors: false })
  let text = ''
  const sink = /** @type {any} */ ({ write: (/** @type {string} */ piece) => (text += piece), on() {}, once() {}, removeListener() {}, listenerCount: () => 0 })
  new (builtin('console').Console)({ stdout: sink, colorMode: false }).table(data, columns)
  return text
}
