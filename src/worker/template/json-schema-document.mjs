/**
 * A JSON Schema with its parts resolved: the target of each `$ref`, and the keywords of each part. Draft 2020-12, and
 * the spellings of draft-07. References stay within the document: nothing is ever fetched.
 */
import {
  decodePercent, endsWith, ErrorOf, hasOwn, includes, indexOf, isArray, mapGet, mapHas, MapOf, mapSet, match, ObjectKeys, push,
  RegExpOf, replaceAll, reverse, slice, split, startsWith, urlOf,
} from './primordials.mjs'
import { isObject } from './values.mjs'

/**
 * The keywords that contain schemas, as `x`, `[x]` or `{ name: x }`.
 * @type {Record<string, 'one' | 'list' | 'table' | 'either'>}
 */
const BELOW = /** @type {any} */ ({
  __proto__: null,
  allOf: 'list', anyOf: 'list', oneOf: 'list', prefixItems: 'list', items: 'either',
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword
  not: 'one', if: 'one', then: 'one', else: 'one', contains: 'one', additionalItems: 'one', additionalProperties: 'one',
  propertyNames: 'one', unevaluatedItems: 'one', unevaluatedProperties: 'one',
  properties: 'table', patternProperties: 'table', dependentSchemas: 'table', dependencies: 'table', $defs: 'table', definitions: 'table',
})
const NO_BASE = 'schema:///'

/** @typedef {(frame: any, given: any) => boolean} Rule */

export class SchemaDocument {
  /**
   * @param {unknown} root plain JSON that nobody else refers to
   * @param {Record<string, Rule>} rules by keyword; those of `unevaluated...` run last
   */
  constructor(root, rules) {
    this.root = root
    this.rules = rules
    /** Whether evaluated names must be remembered. */
    this.tracks = false
    this.byUri = new MapOf()
    /** For each schema object: its base URI, its plan, its regular expressions. */
    this.bases = new MapOf()
    this.plans = new MapOf()
    this.patterns = new MapOf()
    const draft = isObject(root) && hasOwn(root, '$schema') && typeof root.$schema === 'string' ? root.$schema : ''
    // In these drafts the keywords beside a $ref are ignored.
    this.refStandsAlone = includes(draft, 'draft-07') || includes(draft, 'draft-06') || includes(draft, 'draft-04')
    mapSet(this.byUri, NO_BASE, root)
    this.find(root, NO_BASE)
  }

  /** @param {any} schema @param {string} base */
  find(schema, base) {
    if (!isObject(schema) || isArray(schema) || mapHas(this.bases, schema)) return
    if (hasOwn(schema, '$id') && typeof schema.$id === 'string') {
      base = resolved(schema.$id, base)
      mapSet(this.byUri, base, schema)
    }
    mapSet(this.bases, schema, base)
    const keys = ObjectKeys(schema)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]
      const below = schema[key]
      if (key === '$anchor' || key === '$dynamicAnchor') mapSet(this.byUri, `${base}#${below}`, schema)
      if (key === 'unevaluatedProperties' || key === 'unevaluatedItems') this.tracks = true
      const how = BELOW[key]
      if (how === undefined || !isObject(below)) continue
      if (how === 'one' || (how === 'either' && !isArray(below))) this.find(below, base)
      else if (isArray(below)) for (let j = 0; j < below.length; j++) this.find(below[j], base)
      else this.findIn(below, base)
    }
  }

  /** @param {any} table @param {string} base */
  findIn(table, base) {
    const names = ObjectKeys(table)
    for (let i = 0; i < names.length; i++) this.find(table[names[i]], base)
  }

  /** The schema that a `$ref` refers to. @param {any} from @param {string} ref @returns {any} */
  target(from, ref) {
    const uri = resolved(ref, mapGet(this.bases, from) ?? NO_BASE)
    if (mapHas(this.byUri, uri)) return mapGet(this.byUri, uri)
    const hash = indexOf(uri, '#')
    let found = hash < 0 ? undefined : mapGet(this.byUri, slice(uri, 0, hash))
    if (found === undefined || uri[hash + 1] !== '/') throw new ErrorOf(`the schema refers to ${ref}, which is not in it`)
    const tokens = split(slice(uri, hash + 2), '/')
    for (let i = 0; i < tokens.length; i++) {
      const token = replaceAll(replaceAll(decodePercent(tokens[i]), '~1', '/'), '~0', '~')
      if (!isObject(found) || !hasOwn(found, token)) throw new ErrorOf(`the schema refers to ${ref}, which is not in it`)
      found = found[token]
    }
    // It may be in a place that normally contains no schemas.
    this.find(found, slice(uri, 0, hash))
    mapSet(this.byUri, uri, found)
    return found
  }

  /** The rules of a schema with their arguments. @param {any} schema @returns {{ rule: Rule, given: any }[]} */
  plan(schema) {
    const known = mapGet(this.plans, schema)
    if (known !== undefined) return known
    /** @type {{ rule: Rule, given: any }[]} */
    const plan = []
    /** @type {{ rule: Rule, given: any }[]} */
    const last = []
    const keys = this.refStandsAlone && hasOwn(schema, '$ref') ? ['$ref'] : ObjectKeys(schema)
    for (let i = 0; i < keys.length; i++) {
      const rule = this.rules[keys[i]]
      if (rule !== undefined) push(startsWith(keys[i], 'unevaluated') ? last : plan, { rule, given: schema[keys[i]] })
    }
    for (let i = 0; i < last.length; i++) push(plan, last[i])
    mapSet(this.plans, schema, plan)
    return plan
  }

  /** @param {string} pattern @param {string} text */
  matches(pattern, text) {
    let expression = mapGet(this.patterns, pattern)
    if (expression === undefined) {
      try {
        expression = new RegExpOf(pattern, 'u')
      } catch {
        // Escapes that only the older syntax accepts are common.
        expression = new RegExpOf(pattern)
      }
      mapSet(this.patterns, pattern, expression)
    }
    return match(expression, text) !== null
  }
}

/** @param {string} uri @param {string} base */
function resolved(uri, base) {
  const whole = startsWith(uri, '#') ? base + uri : urlOf(uri, base).href
  return endsWith(whole, '#') ? slice(whole, 0, -1) : whole
}

/** The keys that lead to a value, outermost first. @param {Place} at */
export function keysTo(at) {
  /** @type {(string | number)[]} */
  const keys = []
  for (let place = at; place !== null; place = place.parent) push(keys, place.key)
  return reverse(keys)
}
/** @typedef {{ parent: Place, key: string | number } | null} Place */
