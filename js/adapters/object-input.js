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

/** @param {any} schema */
function takesObjects(schema) {
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
