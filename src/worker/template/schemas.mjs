/**
 * The pieces for schemas. They are a third of this file's code, and a worker whose tools have no schema starts without them:
 * `render` puts them into a comment at the end of the file, which costs the runtime next to nothing, and the first tool with
 * a schema has them read from there.
 */
import { bun, builtin, FunctionOf, indexOf, slice, urlOf } from './primordials.mjs'
import { schemaParts } from './settings.mjs'

/** @typedef {import('./schema.mjs').Schema} Schema */

/** Put together here, so that it is found in one place. */
const COMMENT_START = `/*${' schemas'}\n`
const COMMENT_END = '*/\n'

/** @type {typeof import('./schema.mjs') | undefined} */
let schemas

/** To be awaited before `schemaFrom` is called with anything but null and undefined. */
export async function loadSchemas() {
  if (schemas !== undefined) return
  const url = urlOf(import.meta.url)
  const text = bun ? await bun.file(url).text() : builtin('fs').readFileSync(url, 'utf8')
  const source = slice(text, indexOf(text, COMMENT_START) + COMMENT_START.length, -COMMENT_END.length)
  // Node can be told to refuse code from strings, but for its vm module.
  const body = /** @type {any} */ (bun ? new FunctionOf('parts', source) : (await import('node:vm')).compileFunction(source, ['parts']))
  schemas = body(schemaParts())
}

/** @param {unknown} given what a tool has as its schema @param {import('./schema.mjs').Side} side @returns {Schema | undefined} undefined where values need no check */
export const schemaFrom = (given, side) => (given === undefined || given === null ? undefined : schemas?.schemaFrom(given, side))
