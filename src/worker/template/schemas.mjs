/**
 * The pieces for schemas. They are a third of this file's code, and a worker whose tools have no schema starts without them:
 * `render` keeps them apart, and the first tool with a schema has them compiled.
 */
import { schemaCode } from './schema-code.mjs'
import { schemaParts } from './settings.mjs'

/** @typedef {import('./schema.mjs').Schema} Schema */

/** @type {typeof import('./schema.mjs') | undefined} */
let schemas

/** To be awaited before `schemaFrom` is called with anything but null and undefined. */
export async function loadSchemas() {
  if (schemas !== undefined) return
  const code = /** @type {any} */ (await schemaCode())
  schemas = code(schemaParts())
}

/** @param {unknown} given what a tool has as its schema @param {import('./schema.mjs').Side} side @returns {Schema | undefined} undefined where values need no check */
export const schemaFrom = (given, side) => (given === undefined || given === null ? undefined : schemas?.schemaFrom(given, side))
