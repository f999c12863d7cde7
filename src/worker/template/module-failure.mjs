/**
 * Locates a syntax error in a module, for errors without a location. Only entrypoints that do not load need this, so it
 * is kept with the pieces for schemas, and it never throws an error of its own.
 *
 * | runtime | reports no location for | found by |
 * |---|---|---|
 * | Node | ECMAScript modules with a syntax error: it keeps the location and prints it when the error ends the process | its REPL, which prints it too |
 * | Node | the line in a JSON file | parsing it |
 * | Bun | a JSON file | searching the entrypoint's imports |
 * | Bun | several errors, and those that its parser leaves to the engine | fields of the errors |
 */
import { bun, builtin, laterBuiltin } from './primordials.mjs'

/** Modules that are searched for a malformed JSON file, at most. */
const MOST_MODULES = 2000
/** A frame outside of the runtime. */
const FRAME = /^\s+at (?:.* \()?(?:file:\/\/)?\//m
const BEFORE_HEADING = /^((?:file:\/\/)?\/.*:\d+)\n.*\n( *)\^/
const JSON_IN_NODE = /^(\/.*?): .*(?:JSON|control character)/s
const JSON_IN_BUN = /^JSON Parse error/

/** @param {any} error @param {string} entrypoint file: URL @returns {Promise<string | undefined>} `file:line:column` */
export async function placeOfFailure(error, entrypoint) {
  if (bun !== null) {
    // Several errors of one module come together, each with its location.
    const position = error?.errors?.[0]?.position
    if (typeof position?.file === 'string') return `${position.file}:${position.line}:${position.column}`
    // An error that Bun's parser accepts and the engine does not has no stack.
    if (typeof error?.sourceURL === 'string' && typeof error.line === 'number' && error.stack === undefined) return placeBeforeTranspiling(bun, error.sourceURL, error.line)
  }
  const stack = `${error?.stack ?? error?.name}`
  if (error?.name !== 'SyntaxError' || !stack.startsWith('SyntaxError') || FRAME.test(stack.replaceAll(/^.*\/\.toolwarden\/.*$/gm, ''))) return undefined
  if (bun) return JSON_IN_BUN.test(error.message) ? brokenJson(bun, bun.fileURLToPath(entrypoint)) : undefined
  const json = JSON_IN_NODE.exec(error.message)
  return json === null ? placeInNode(error) : placeInJson(json[1], builtin('fs').readFileSync(json[1], 'utf8'))
}

/**
 * The REPL puts Node's location before the error's stack. Here nobody reads that stack, and the process ends.
 * @param {any} error
 */
function placeInNode(error) {
  const { Duplex } = builtin('stream')
  const nowhere = new Duplex({ read() {}, write: (/** @type {unknown} */ _piece, /** @type {unknown} */ _encoding, /** @type {() => void} */ done) => done() })
  const stack = error.stack
  const fail = (/** @type {unknown[]} */ ...[, , , done]) => /** @type {(error: unknown) => void} */ (done)(error)
  const repl = laterBuiltin('repl')?.start({ input: nowhere, output: nowhere, prompt: '', terminal: false, useGlobal: true, eval: fail })
  repl?.emit('line', '0')
  repl?.close()
  const withLocation = `${error.stack}`
  error.stack = stack
  const found = BEFORE_HEADING.exec(withLocation)
  if (found !== null) return `${found[1]}:${found[2].length + 1}`
  const [first] = withLocation.split('\n')
  return /^(?:file:\/\/)?\/.*:\d+$/.test(first) ? first : undefined
}

/**
 * The engine counts the lines of the transpiled text, so the same text is searched in the source.
 * @param {BunApi} api
 * @param {string} path
 * @param {number} line
 */
async function placeBeforeTranspiling(api, path, line) {
  const source = await api.file(path).text()
  const given = new api.Transpiler({ loader: kindOf(path) ?? 'js' }).transformSync(source).split('\n')
  const wanted = (given[line - 1] ?? '').trim().replace(/;$/, '')
  if (wanted === '') return undefined
  const has = (/** @type {string} */ text) => text.includes(wanted)
  let before = given.slice(0, line - 1).filter(has).length
  const found = source.split('\n').findIndex((text) => has(text) && before-- === 0)
  return found < 0 ? undefined : `${path}:${found + 1}`
}

/** @param {string} path @returns {string | undefined} Bun's name of the loader */
const kindOf = (path) => /\.[cm]?([jt]sx?)$/.exec(path)?.[1]

/** @param {BunApi} api @param {string} entrypoint path */
async function brokenJson(api, entrypoint) {
  const modules = [entrypoint]
  for (let i = 0; i < modules.length && i < MOST_MODULES; i++) {
    const text = await api.file(modules[i]).text().catch(() => '')
    if (modules[i].endsWith('.json')) {
      const place = placeInJson(modules[i], text)
      if (place !== undefined) return place
      continue
    }
    for (const path of imports(api, modules[i], text)) if (!modules.includes(path)) modules.push(path)
  }
  return undefined
}

/**
 * The paths of a module's imports.
 * @param {BunApi} api
 * @param {string} path
 * @param {string} text
 * @returns {string[]}
 */
function imports(api, path, text) {
  const loader = kindOf(path)
  if (loader === undefined) return []
  const found = []
  for (const { path: specifier } of new api.Transpiler({ loader }).scanImports(text)) {
    try {
      found.push(api.resolveSync(specifier, path.slice(0, path.lastIndexOf('/'))))
    } catch {
      // A missing module is another failure than the one that is searched.
    }
  }
  return found.filter((module) => module.startsWith('/'))
}

/** @param {string} path @param {string} text */
function placeInJson(path, text) {
  const at = jsonErrorAt(text)
  if (at < 0) return undefined
  const before = text.slice(0, at).split('\n')
  return `${path}:${before.length}:${before[before.length - 1].length + 1}`
}

const SPACE = /(?:[\t\n\r ]*)/y
const TOKEN = /[[\]{},:]|"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy

/** The position where a text stops being JSON; -1 where it is JSON. @param {string} text */
export function jsonErrorAt(text) {
  /** The closing brackets that are still expected. @type {string[]} */
  const open = []
  /**
   * What may come next: `[` a first element, `{` a first key, `k` a key, `:`, `v` a value, `,` what follows a value.
   */
  let state = 'v'
  let at = 0
  for (;;) {
    SPACE.lastIndex = at
    SPACE.exec(text)
    at = SPACE.lastIndex
    if (state === ',' && open.length === 0) return at === text.length ? -1 : at
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)?.[0]
    if (token === undefined) return at
    const closes = token === open[open.length - 1] && (state === ',' || (token === ']' ? state === '[' : state === '{'))
    if (closes) {
      open.pop()
      state = ','
    } else if (state === ',') {
      if (token !== ',') return at
      state = open[open.length - 1] === '}' ? 'k' : 'v'
    } else if (state === ':') {
      if (token !== ':') return at
      state = 'v'
    } else if (state === 'k' || state === '{') {
      if (token[0] !== '"') return at
      state = ':'
    } else if (token === '[' || token === '{') {
      open.push(token === '[' ? ']' : '}')
      state = token
    } else if (']},:'.includes(token)) return at
    else state = ','
    at = TOKEN.lastIndex
  }
}
