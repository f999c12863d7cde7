/** Random JSON Schemas and values, from a seed: the same on every machine. */

/** A small generator of numbers in [0, 1). */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The tables contain names of Object.prototype, and 1e21 as a multiple of 0.5: other validators get those wrong. */
const NAMES = ['a', 'b', 'c', 'item-1', 'ab']
const TEXTS = ['', 'a', 'abc', 'x1', '\u{1f600}', 'a\u0301']
const PATTERNS = ['^a', 'b$', '^[a-c]*$', '\\d', '.', '-']
const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']

/** @param next gives numbers in [0, 1) @param {string[]} without keywords that no schema has */
export function makeCases(next, without = []) {
  const upTo = (count) => Math.floor(next() * count)
  const pick = (list) => list[upTo(list.length)]
  const some = (list, most) => [...new Set(Array.from({ length: 1 + upTo(most) }, () => pick(list)))]
  const table = (names, make) => Object.fromEntries(names.map((name) => [name, make(name)]))

  const value = (depth = 3) => {
    const kind = upTo(depth > 0 ? 8 : 5)
    if (kind === 0) return pick([null, true, false])
    if (kind <= 2) return pick([0, 1, 2, 3, -1, 1.5, 0.3, 10])
    if (kind <= 4) return pick(TEXTS)
    if (kind <= 5) return Array.from({ length: upTo(4) }, () => value(depth - 1))
    return table(some(NAMES, 4).slice(upTo(2)), () => value(depth - 1))
  }

  const KEYWORDS = {
    type: () => (next() < 0.7 ? pick(TYPES) : some(TYPES, 3)),
    enum: () => Array.from({ length: 3 }, () => value(1)).filter((one, at, all) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === at),
    const: () => value(1),
    minimum: () => upTo(4) - 1,
    maximum: () => upTo(4),
    exclusiveMinimum: () => upTo(3) - 1,
    exclusiveMaximum: () => upTo(4),
    multipleOf: () => pick([1, 2, 3, 0.5]),
    minLength: () => upTo(3),
    maxLength: () => upTo(4),
    pattern: () => pick(PATTERNS),
    minItems: () => upTo(3),
    maxItems: () => upTo(4),
    uniqueItems: () => next() < 0.8,
    minProperties: () => upTo(3),
    maxProperties: () => upTo(4),
    required: () => some(NAMES, 2),
    dependentRequired: () => table(some(NAMES, 2), () => some(NAMES, 2)),
    prefixItems: (sub) => Array.from({ length: 1 + upTo(2) }, sub),
    items: (sub) => sub(),
    contains: (sub) => sub(),
    properties: (sub) => table(some(NAMES, 3), sub),
    patternProperties: (sub) => table(some(PATTERNS, 2), sub),
    additionalProperties: (sub) => sub(),
    propertyNames: (sub) => sub(),
    dependentSchemas: (sub) => table(some(NAMES, 2), sub),
    allOf: (sub) => Array.from({ length: 1 + upTo(2) }, sub),
    anyOf: (sub) => Array.from({ length: 1 + upTo(3) }, sub),
    oneOf: (sub) => Array.from({ length: 1 + upTo(3) }, sub),
    not: (sub) => sub(),
    if: (sub) => sub(),
    unevaluatedProperties: (sub) => (next() < 0.6 ? false : sub()),
    unevaluatedItems: (sub) => (next() < 0.6 ? false : sub()),
    $ref: () => pick(['#/$defs/first', '#second', '#/$defs/a~1b%20c']),
  }

  const keywords = Object.keys(KEYWORDS).filter((keyword) => !without.includes(keyword))

  const schema = (depth = 3) => {
    if (next() < 0.06) return next() < 0.7
    const made = {}
    for (const keyword of some(keywords, depth > 0 ? 4 : 2)) {
      const given = KEYWORDS[keyword](() => (depth > 0 ? schema(depth - 1) : next() < 0.8))
      made[keyword] = given
      if (keyword === 'contains' && next() < 0.5) Object.assign(made, { minContains: upTo(3) }, next() < 0.5 && { maxContains: 1 + upTo(2) })
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword
      if (keyword === 'if') Object.assign(made, next() < 0.7 && { then: schema(depth - 1) }, next() < 0.7 && { else: schema(depth - 1) })
    }
    return made
  }

  /**
   * Definitions contain no references: the standard leaves open what a schema that refers to itself without end means.
   */
  const withDefinitions = () => {
    const flat = () => JSON.parse(JSON.stringify(Object(schema(1))), (key, given) => (key === '$ref' ? undefined : given))
    return { ...Object(schema()), $defs: { first: flat(), second: { ...flat(), $anchor: 'second' }, 'a/b c': flat() } }
  }

  return { schema: withDefinitions, value }
}
