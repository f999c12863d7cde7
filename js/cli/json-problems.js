/**
 * Finds where a text stops being JSON, and what was probably meant. Engines report the position in different words, or
 * not at all.
 */

/** @typedef {{ offset: number, problem: string }} Found */

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// oxlint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const STRING = /"(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const WORD = /true|false|null/y

/** Reads a JSON text up to its first mistake. */
class Scanner {
  #at = 0
  #text

  /** @param {string} text */
  constructor(text) {
    this.#text = text
  }

  /** @returns {Found} */
  find() {
    try {
      this.#value()
      this.#blanks()
      if (this.#at < this.#text.length) this.#fail('the text goes on after its end')
    } catch (found) {
      return /** @type {Found} */ (found)
    }
    return { offset: this.#at, problem: 'something is wrong' }
  }

  /** @param {string} problem @returns {never} */
  #fail(problem) {
    const ended = this.#at >= this.#text.length
    // oxlint-disable-next-line no-throw-literal -- unwinds the scanner only; never leaves this class
    throw { offset: this.#at, problem: ended ? `the text ends where ${problem}` : problem }
  }

  #blanks() {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? '?')) this.#at++
  }

  /** @param {RegExp} pattern */
  #match(pattern) {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  /** @param {string} letter */
  #next(letter) {
    this.#blanks()
    if (this.#text[this.#at] !== letter) return false
    this.#at++
    return true
  }

  #value() {
    this.#blanks()
    if (this.#next('{')) return this.#members('}', () => this.#property())
    if (this.#next('[')) return this.#members(']', () => this.#value())
    if (this.#match(STRING) || this.#match(NUMBER) || this.#match(WORD)) return undefined
    return this.#fail(this.#text[this.#at] === '"' ? 'a string is not ended' : 'a value was expected')
  }

  /** @param {string} end @param {() => void} member */
  #members(end, member) {
    if (this.#next(end)) return
    do member()
    while (this.#next(','))
    if (!this.#next(end)) this.#fail(`"," or "${end}" was expected`)
  }

  #property() {
    this.#blanks()
    if (!this.#match(STRING)) this.#fail('a property name in double quotes was expected')
    if (!this.#next(':')) this.#fail('":" was expected')
    this.#value()
  }
}

/** @param {string} text that JSON.parse refused */
export function findJsonError(text) {
  const { offset, problem } = new Scanner(text).find()
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n'), problem }
}

/** Longer texts are files, which nobody types again. */
const MENDABLE = 200

/**
 * The JSON that a JavaScript-like text means: names without quotes, single quotes, trailing commas, or a bare word.
 * @param {string} text
 * @returns {string | undefined}
 */
export function mend(text) {
  if (text.trim() === '' || text.length > MENDABLE) return undefined
  const candidates = [
    text
      .replace(/'((?:[^'"\\]|\\.)*)'/g, '"$1"')
      .replace(/([{,]\s*)([A-Za-z_$][\w$-]*)(\s*:)/g, '$1"$2"$3')
      .replace(/,(\s*[}\]])/g, '$1'),
  ]
  if (/^[\w ./:@-]+$/.test(text)) candidates.push(JSON.stringify(text.trim()))
  // A shell that removed the double quotes leaves the values bare as well.
  candidates.push(/** @type {string} */ (candidates[0]).replace(/(:\s*)([A-Za-z_][\w ./@-]*)(\s*[,}])/g, '$1"$2"$3'))
  return candidates.find((candidate) => {
    try {
      JSON.parse(candidate)
      return true
    } catch {
      return false
    }
  })
}
