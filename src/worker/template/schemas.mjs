/**
 * The schema pieces. They are a third of this file's code, and a worker whose tools have no schema starts without them:
 * `render` keeps them apart, and the first tool with a schema compiles them.
 */
import { schemaCode } from './schema-code.mjs'
import { schemaParts } from './settings.mjs'

/** @typedef {import('./schema.mjs').Schema} Schema */

/** @type {(typeof import('./schema.mjs') & typeof import('./module-failure.mjs')) | undefined} */
let schemas

/** Must be awaited before `schemaFrom` is called with anything other than null and undefined. */
export async function loadSchemas() {
  if (schemas !== undefined) return
  const code = /** @type {any} */ (await schemaCode())
  schemas = code(schemaParts())
}

/** @param {unknown} given what a tool has as its schema @param {import('./schema.mjs').Side} side @returns {Schema | undefined} undefined where values need no check */
export const schemaFrom = (given, side) => (given === undefined || given === null ? undefined : schemas?.schemaFrom(given, side))

/**
 * The location of a syntax error; see module-failure.mjs.
 * @param {unknown} error
 * @param {string | null} entrypoint file: URL
 * @returns {Promise<string | undefined>}
 */
export async function placeOf(error, entrypoint) {
  if (entrypoint === null) return undefined
  try {
    await loadSchemas()
    return await schemas?.placeOfFailure(error, entrypoint)
  } catch {
    return undefined
  }
}
