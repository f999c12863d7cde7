/** The rule of each JSON Schema keyword. */
import { below, evaluate, here, nothingFound, refuse } from './json-schema-evaluate.mjs'
import { canonicalText, characters, isMultiple, isOfType, jsonType, sameJson } from './json-values.mjs'
import { MAX_ISSUES } from './issues.mjs'
import { hasOwn, isArray, join, jsonStringify, mapGet, mapHas, MapOf, mapSet, ObjectKeys, push } from './primordials.mjs'
import { isObject } from './values.mjs'

/** @typedef {import('./json-schema-evaluate.mjs').Frame} Frame */
/** @typedef {import('./json-schema-evaluate.mjs').Findings} Findings */
/** @typedef {import('./json-schema-document.mjs').Rule} Rule */

/** @param {Frame} frame */
const full = (frame) => frame.findings.list.length >= frame.findings.limit
/** @param {any} value */
const isTable = (value) => isObject(value) && !isArray(value)
/** The value of a neighbouring keyword. @param {Frame} frame @param {string} keyword */
const beside = (frame, keyword) => (hasOwn(frame.schema, keyword) ? frame.schema[keyword] : undefined)

/**
 * A rule with a numeric limit.
 * @param {(value: any) => boolean} applies
 * @param {(value: any, limit: number) => boolean} holds
 * @param {(limit: number) => string} say
 * @returns {Rule}
 */
const limit = (applies, holds, say) => (frame, given) =>
  typeof given !== 'number' || !applies(frame.value) || holds(frame.value, given) || refuse(frame.findings, frame.at, say(given))

/** @param {any} value */
const isNumber = (value) => typeof value === 'number'
/** @param {any} value */
const isText = (value) => typeof value === 'string'
/** @param {number} n @param {string} one */
const count = (n, one) => `${n} ${n === 1 ? one : one === 'property' ? 'properties' : `${one}s`}`

/**
 * The first index that `items` of 2020-12 or `additionalItems` of draft-07 applies to.
 * @param {Frame} frame
 * @param {any} first
 */
const after = (frame, first) => (isArray(first) ? first.length : 0)

/** @param {Frame} frame @param {any} schema @param {number} from */
function eachItem(frame, schema, from) {
  let valid = true
  for (let i = from; i < frame.value.length && (valid || !full(frame)); i++) if (!below(frame, schema, i)) valid = false
  return valid
}

/** @param {Frame} frame @param {any[]} schemas */
function itemByItem(frame, schemas) {
  let valid = true
  for (let i = 0; i < schemas.length && i < frame.value.length; i++) if (!below(frame, schemas[i], i)) valid = false
  return valid
}

/** Every own property name of an object value. @param {Frame} frame @param {(name: string) => boolean} holds */
function eachName(frame, holds) {
  if (!isTable(frame.value)) return true
  const names = ObjectKeys(frame.value)
  let valid = true
  for (let i = 0; i < names.length && (valid || !full(frame)); i++) if (!holds(names[i])) valid = false
  return valid
}

/** @param {Frame} frame @param {any} names @param {string} message */
function haveAll(frame, names, message) {
  if (!isTable(frame.value) || !isArray(names)) return true
  let valid = true
  for (let i = 0; i < names.length; i++) {
    if (!hasOwn(frame.value, names[i])) valid = refuse(frame.findings, { parent: frame.at, key: names[i] }, message)
  }
  return valid
}

/**
 * The entries of a table whose name the value has.
 * @param {Frame} frame
 * @param {any} table
 * @param {(name: string, given: any) => boolean} holds
 */
function eachNamed(frame, table, holds) {
  if (!isTable(frame.value) || !isTable(table)) return true
  const names = ObjectKeys(table)
  let valid = true
  for (let i = 0; i < names.length && (valid || !full(frame)); i++) {
    if (hasOwn(frame.value, names[i]) && !holds(names[i], table[names[i]])) valid = false
  }
  return valid
}

/** @param {Frame} frame @param {string} name @param {any} patterns @param {(pattern: string) => void} found */
function eachPattern(frame, name, patterns, found) {
  if (!isTable(patterns)) return
  const list = ObjectKeys(patterns)
  for (let i = 0; i < list.length; i++) if (frame.document.matches(list[i], name)) found(list[i])
}

/** @param {Frame} frame @param {string} name */
function isNamed(frame, name) {
  const properties = beside(frame, 'properties')
  let named = isTable(properties) && hasOwn(properties, name)
  if (!named) eachPattern(frame, name, beside(frame, 'patternProperties'), () => (named = true))
  return named
}

/**
 * How many of several schemas match, up to two, and the findings of the others.
 * @param {Frame} frame
 * @param {any[]} schemas
 * @param {boolean} all
 */
function alternatives(frame, schemas, all) {
  let holding = 0
  /** @type {Findings[]} */
  const failed = []
  // Where evaluated names are remembered, every matching alternative counts.
  for (let i = 0; i < schemas.length && (all ? holding < 2 : holding < 1 || frame.seen !== null); i++) {
    const findings = nothingFound(frame.findings.limit)
    if (here(frame, schemas[i], findings)) holding++
    else push(failed, findings)
  }
  return { holding, failed }
}

/**
 * Reports why none of several schemas matches. An alternative that accepts the value itself and rejects something
 * inside it was probably meant.
 * @param {Frame} frame
 * @param {Findings[]} failed
 * @returns {false}
 */
function refuseNone(frame, failed) {
  /** @type {Findings | undefined} */
  let meant
  let candidates = 0
  for (let i = 0; i < failed.length; i++) {
    if (failed[i].list.length === 0 || failed[i].list[0].at === frame.at) continue
    meant = failed[i]
    candidates++
  }
  if (failed.length === 1) meant = failed[0]
  if (meant === undefined || candidates > 1 || meant.list.length === 0) {
    return refuse(frame.findings, frame.at, `matches none of ${count(failed.length, 'alternative')}`)
  }
  for (let i = 0; i < meant.list.length; i++) refuse(frame.findings, meant.list[i].at, meant.list[i].message)
  return false
}

/** @param {Frame} frame @param {any} ref */
const refer = (frame, ref) => typeof ref !== 'string' || here(frame, frame.document.target(frame.schema, ref))

/** @type {Record<string, Rule>} */
export const RULES = {
  // @ts-expect-error a null prototype: `constructor` is not a keyword
  __proto__: null,
  $ref: refer,
  $dynamicRef: refer,
  type(frame, given) {
    const types = isArray(given) ? given : [given]
    for (let i = 0; i < types.length; i++) if (isOfType(frame.value, types[i])) return true
    return refuse(frame.findings, frame.at, `must be ${join(types, ' or ')}, not ${jsonType(frame.value)}`)
  },
  enum(frame, given) {
    if (!isArray(given)) return true
    /** @type {string[]} */
    const texts = []
    for (let i = 0; i < given.length; i++) if (sameJson(frame.value, given[i])) return true
    for (let i = 0; i < given.length && i < MAX_ISSUES; i++) push(texts, jsonStringify(given[i]))
    return refuse(frame.findings, frame.at, `must be one of ${join(texts, ', ')}`)
  },
  const: (frame, given) => sameJson(frame.value, given) || refuse(frame.findings, frame.at, `must be ${jsonStringify(given)}`),
  minimum: limit(isNumber, (value, least) => value >= least, (n) => `must be at least ${n}`),
  maximum: limit(isNumber, (value, most) => value <= most, (n) => `must be at most ${n}`),
  exclusiveMinimum: limit(isNumber, (value, least) => value > least, (n) => `must be more than ${n}`),
  exclusiveMaximum: limit(isNumber, (value, most) => value < most, (n) => `must be less than ${n}`),
  multipleOf: limit(isNumber, (value, step) => step <= 0 || isMultiple(value, step), (n) => `must be a multiple of ${n}`),
  minLength: limit(isText, (value, least) => value.length >= least && characters(value) >= least, (n) => `must have at least ${count(n, 'character')}`),
  maxLength: limit(isText, (value, most) => value.length <= most || characters(value) <= most, (n) => `must have at most ${count(n, 'character')}`),
  pattern: (frame, given) =>
    !isText(frame.value) || !isText(given) || frame.document.matches(given, frame.value) || refuse(frame.findings, frame.at, `must match the pattern ${given}`),
  minItems: limit(isArray, (value, least) => value.length >= least, (n) => `must have at least ${count(n, 'item')}`),
  maxItems: limit(isArray, (value, most) => value.length <= most, (n) => `must have at most ${count(n, 'item')}`),
  uniqueItems(frame, given) {
    if (given !== true || !isArray(frame.value)) return true
    const known = new MapOf()
    for (let i = 0; i < frame.value.length; i++) {
      const text = canonicalText(frame.value[i])
      if (mapHas(known, text)) return refuse(frame.findings, { parent: frame.at, key: i }, `must not repeat item ${mapGet(known, text)}`)
      mapSet(known, text, i)
    }
    return true
  },
  prefixItems: (frame, given) => !isArray(frame.value) || !isArray(given) || itemByItem(frame, given),
  items(frame, given) {
    if (!isArray(frame.value)) return true
    return isArray(given) ? itemByItem(frame, given) : eachItem(frame, given, after(frame, beside(frame, 'prefixItems')))
  },
  additionalItems: (frame, given) =>
    !isArray(frame.value) || !isArray(beside(frame, 'items')) || eachItem(frame, given, after(frame, beside(frame, 'items'))),
  contains(frame, given) {
    if (!isArray(frame.value)) return true
    const least = beside(frame, 'minContains') ?? 1
    const most = beside(frame, 'maxContains') ?? Infinity
    let holding = 0
    for (let i = 0; i < frame.value.length; i++) {
      const apart = { ...frame, seen: null }
      if (!below(apart, given, i, nothingFound(1))) continue
      holding++
      if (frame.seen !== null) mapSet(frame.seen, i, true)
    }
    if (holding < least) return refuse(frame.findings, frame.at, `must have at least ${count(least, 'item')} that "contains" describes, and has ${holding}`)
    return holding <= most || refuse(frame.findings, frame.at, `must have at most ${count(most, 'item')} that "contains" describes, and has ${holding}`)
  },
  minProperties: limit(isTable, (value, least) => ObjectKeys(value).length >= least, (n) => `must have at least ${count(n, 'property')}`),
  maxProperties: limit(isTable, (value, most) => ObjectKeys(value).length <= most, (n) => `must have at most ${count(n, 'property')}`),
  required: (frame, given) => haveAll(frame, given, 'is required'),
  dependentRequired: (frame, given) => eachNamed(frame, given, (name, names) => haveAll(frame, names, `is required where ${name} is given`)),
  dependentSchemas: (frame, given) => eachNamed(frame, given, (_, schema) => here(frame, schema)),
  dependencies: (frame, given) =>
    eachNamed(frame, given, (name, needed) => (isArray(needed) ? haveAll(frame, needed, `is required where ${name} is given`) : here(frame, needed))),
  properties: (frame, given) => eachNamed(frame, given, (name, schema) => below(frame, schema, name)),
  patternProperties: (frame, given) =>
    eachName(frame, (name) => {
      let valid = true
      eachPattern(frame, name, given, (pattern) => {
        if (!below(frame, given[pattern], name)) valid = false
      })
      return valid
    }),
  additionalProperties: (frame, given) => eachName(frame, (name) => isNamed(frame, name) || below(frame, given, name)),
  propertyNames: (frame, given) =>
    eachName(frame, (name) => {
      const findings = nothingFound(1)
      const at = { parent: frame.at, key: name }
      if (evaluate(frame.document, given, name, at, findings, frame.document.tracks ? new MapOf() : null, frame.depth + 1)) return true
      return refuse(frame.findings, at, `has a name that is not allowed: ${findings.list[0].message}`)
    }),
  allOf(frame, given) {
    let valid = true
    for (let i = 0; isArray(given) && i < given.length && (valid || !full(frame)); i++) if (!here(frame, given[i])) valid = false
    return valid
  },
  anyOf(frame, given) {
    if (!isArray(given)) return true
    const { holding, failed } = alternatives(frame, given, false)
    return holding > 0 || refuseNone(frame, failed)
  },
  oneOf(frame, given) {
    if (!isArray(given)) return true
    const { holding, failed } = alternatives(frame, given, true)
    if (holding > 1) return refuse(frame.findings, frame.at, `matches more than one of ${count(given.length, 'alternative')}`)
    return holding === 1 || refuseNone(frame, failed)
  },
  not: (frame, given) => !here({ ...frame, seen: frame.seen && new MapOf() }, given, nothingFound(1)) || refuse(frame.findings, frame.at, 'is what "not" excludes'),
  if(frame, given) {
    const branch = beside(frame, here(frame, given, nothingFound(1)) ? 'then' : 'else')
    return branch === undefined || here(frame, branch)
  },
  unevaluatedProperties: (frame, given) => eachName(frame, (name) => mapHas(frame.seen, name) || below(frame, given, name)),
  unevaluatedItems(frame, given) {
    let valid = true
    for (let i = 0; isArray(frame.value) && i < frame.value.length && (valid || !full(frame)); i++) {
      if (!mapHas(frame.seen, i) && !below(frame, given, i)) valid = false
    }
    return valid
  },
}
