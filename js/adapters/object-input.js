/**
 * Models and MCP call tools with an object of arguments, while a tool of this package may take any JSON value. A tool
 * whose schema excludes objects is offered with a single argument that contains its input. The same happens to a tool
 * whose schema is a union at its root, because Anthropic's API rejects a whole request over it.
 */

import { wellFormed } from '../well-formed.js'
import { movedSchema } from './moved-schema.js'

const ARGUMENT = 'input'
const COMBINED = ['anyOf', 'oneOf', 'allOf']

/** @typedef {{ schema: Record<string, any>, toInput: (args: any) => any }} ObjectInput */

/** @param {any} args */
const asGiven = (args) => args

/** References to references are followed this far. */
const MOST_REFERENCES = 8

/**
 * What a schema refers to at its root, as `zod-to-json-schema` writes a named schema; the schema itself where it refers to nothing.
 * @param {any} root
 */
function referred(root) {
  let schema = root
  for (let step = 0; step < MOST_REFERENCES && typeof schema?.$ref === 'string'; step++) {
    const [, place, name] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(schema.$ref) ?? []
    if (place === undefined || name === undefined) return schema
    schema = root[place]?.[name.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return typeof schema === 'object' && schema !== null ? schema : root
}

/** @param {any} root */
function takesObjects(root) {
  const schema = referred(root)
  if (COMBINED.some((keyword) => schema[keyword] !== undefined)) return false
  if (schema.type === undefined) return schema.enum === undefined && schema.const === undefined
  return Array.isArray(schema.type) ? schema.type.includes('object') : schema.type === 'object'
}

/**
 * @param {import('../../index.d.ts').Json} given
 * @returns {ObjectInput}
 */
export function objectInput(given) {
  const schema = wellFormed(given)
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    return { schema: { type: 'object' }, toInput: asGiven }
  }
  if (takesObjects(schema)) return { schema: { ...schema, type: 'object' }, toInput: asGiven }
  // The targets of references move up with the wrapper, or the references move down with the rest.
  const { $schema, $defs, definitions, ...inner } = movedSchema(schema, `#/properties/${ARGUMENT}`)
  const shared = Object.entries({ $schema, $defs, definitions }).filter(([, value]) => value !== undefined)
  return {
    schema: {
      ...Object.fromEntries(shared),
      type: 'object',
      properties: { [ARGUMENT]: inner },
      required: [ARGUMENT],
      additionalProperties: false,
    },
    toInput: (args) => args?.[ARGUMENT],
  }
}
