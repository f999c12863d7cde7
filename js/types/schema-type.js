/**
 * Translates JSON Schema to a TypeScript type. What TypeScript cannot express (patterns, ranges, `not`, conditions) is
 * left out, so the type accepts more than the schema, never less; the result of a tool without a schema is `Json`.
 */

import { docComment, literal, propertyName } from './printing.js'

/** @typedef {Record<string, any>} Schema */

/** More parts than any schema that a person writes; references to references can expand without end. */
const MOST_PARTS = 10_000
/** The number of characters of all parts together: a reference to a long part can occur in each of them. */
const MOST_TEXT = 16 * 1024 * 1024
/** The nesting depth of schemas, followed references included. */
const MOST_DEPTH = 200

/** @type {Record<string, string>} */
const PRIMITIVES = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' }

/** @param {unknown} value @returns {value is Schema} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** @param {string[]} types */
function union(types) {
  const distinct = [...new Set(types)]
  if (distinct.includes('Json')) return 'Json'
  return distinct.length === 0 ? 'never' : distinct.join(' | ')
}

/** @param {string} type */
const grouped = (type) => (/[|&]/.test(type) ? `(${type})` : type)

/** A value as its own type. @param {unknown} value @returns {string} */
function valueType(value) {
  if (typeof value === 'string') return literal(value)
  if (Array.isArray(value)) return `[${value.map(valueType).join(', ')}]`
  if (!isObject(value)) return String(value)
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${propertyName(name)}: ${valueType(member)}`)
    .join('; ')} }`
}

/** A step of a reference; text that is not percent-encoded stands for itself. @param {string} step */
function decoded(step) {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

class Translation {
  #partsLeft = MOST_PARTS
  #textLeft = MOST_TEXT
  #depth = 0
  /** References being followed; one that leads into itself becomes `Json`. @type {string[]} */
  #following = []

  /** @param {unknown} root where references are looked up */
  constructor(root) {
    this.root = root
  }

  /** The target of `#/$defs/name`; undefined for references that leave the schema. @param {string} reference */
  #target(reference) {
    if (reference !== '#' && !reference.startsWith('#/')) return undefined
    let at = /** @type {any} */ (this.root)
    for (const step of reference.split('/').slice(1)) {
      const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
      at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? at[name] : undefined
    }
    return at
  }

  /** @param {string} reference @param {string} indent */
  #referred(reference, indent) {
    if (this.#following.includes(reference)) return 'Json'
    this.#following.push(reference)
    const type = this.type(this.#target(reference), indent)
    this.#following.pop()
    return type
  }

  /**
   * @param {any} schema
   * @param {string} indent of the line the type stands on
   * @returns {string}
   */
  type(schema, indent) {
    if (this.#textLeft <= 0 || this.#depth >= MOST_DEPTH) return 'Json'
    this.#depth++
    const text = this.#typeOf(schema, indent)
    this.#depth--
    this.#textLeft -= text.length
    return this.#textLeft < 0 ? 'Json' : text
  }

  /** @param {any} schema @param {string} indent @returns {string} */
  #typeOf(schema, indent) {
    if (schema === false) return 'never'
    if (!isObject(schema) || this.#partsLeft-- <= 0) return 'Json'
    if (typeof schema.$ref === 'string') return this.#referred(schema.$ref, indent)
    if (Object.hasOwn(schema, 'const')) return valueType(schema.const)
    if (Array.isArray(schema.enum)) return union(schema.enum.map(valueType))

    const parts = []
    for (const members of [schema.anyOf, schema.oneOf]) {
      if (Array.isArray(members)) parts.push(union(members.map((member) => this.type(member, indent))))
    }
    if (Array.isArray(schema.allOf)) parts.push(...schema.allOf.map((member) => this.type(member, indent)))
    const own = this.#own(schema, indent)
    if (own !== undefined) parts.unshift(own)
    const saying = [...new Set(parts)].filter((part) => part !== 'Json')
    if (saying.length === 0) return 'Json'
    return saying.length === 1 ? /** @type {string} */ (saying[0]) : saying.map(grouped).join(' & ')
  }

  /** The schema's own keywords, without its combinations. @param {Schema} schema @param {string} indent */
  #own(schema, indent) {
    const { type } = schema
    if (Array.isArray(type)) return union(type.map((one) => this.#ofType(one, schema, indent)))
    if (typeof type === 'string') return this.#ofType(type, schema, indent)
    if (isObject(schema.properties) || isObject(schema.additionalProperties)) return this.#object(schema, indent)
    if (schema.items !== undefined || schema.prefixItems !== undefined) return this.#array(schema, indent)
    return undefined
  }

  /** @param {string} type @param {Schema} schema @param {string} indent */
  #ofType(type, schema, indent) {
    if (type === 'object') return this.#object(schema, indent)
    if (type === 'array') return this.#array(schema, indent)
    return Object.hasOwn(PRIMITIVES, type) ? /** @type {string} */ (PRIMITIVES[type]) : 'Json'
  }

  /** @param {Schema} schema @param {string} indent */
  #array(schema, indent) {
    const { items } = schema
    // Drafts before 2020-12 wrote tuples as `items: []` with `additionalItems`.
    const first = schema.prefixItems ?? (Array.isArray(items) ? items : undefined)
    const rest = Array.isArray(items) ? schema.additionalItems : items
    if (!Array.isArray(first)) return `${grouped(this.type(rest, indent))}[]`
    const least = typeof schema.minItems === 'number' ? schema.minItems : 0
    const members = first.map((member, index) => {
      const type = this.type(member, indent)
      return index < least ? type : `${grouped(type)}?`
    })
    if (rest !== false) members.push(`...${grouped(this.type(rest, indent))}[]`)
    return `[${members.join(', ')}]`
  }

  /** @param {Schema} schema @param {string} indent */
  #object(schema, indent) {
    const inner = `${indent}  `
    const properties = Object.entries(isObject(schema.properties) ? schema.properties : {})
    const required = new Set(Array.isArray(schema.required) ? schema.required : [])
    const lines = properties.map(
      ([name, member]) =>
        `${docComment(isObject(member) ? member.description : undefined, inner)}${inner}${propertyName(name)}` +
        `${required.has(name) ? '' : '?'}: ${this.type(member, inner)}\n`,
    )
    const others = this.#others(schema, properties.length === 0, inner)
    if (others !== undefined) lines.push(`${inner}[name: string]: ${others}\n`)
    return lines.length === 0 ? 'Record<string, never>' : `{\n${lines.join('')}${indent}}`
  }

  /**
   * The type of unnamed properties; undefined where there are none, or none worth naming: an open object that names
   * some properties nearly always means just these.
   * @param {Schema} schema
   * @param {boolean} nothingNamed
   * @param {string} indent
   */
  #others(schema, nothingNamed, indent) {
    const { additionalProperties, patternProperties } = schema
    const types = isObject(patternProperties)
      ? Object.values(patternProperties).map((member) => this.type(member, indent))
      : []
    if (isObject(additionalProperties) || additionalProperties === true) {
      types.push(this.type(additionalProperties, indent))
    } else if (additionalProperties === undefined && nothingNamed && types.length === 0) {
      types.push('Json')
    }
    if (types.length === 0) return undefined
    // A named property must fit the index signature too, and every type fits `any`.
    return nothingNamed ? union(types) : 'any'
  }
}

/**
 * @param {import('../../index.d.ts').Json} schema null where the tool gives none
 * @param {string} [indent]
 * @returns {string}
 */
export const typeOf = (schema, indent = '') => new Translation(schema).type(schema, indent)
