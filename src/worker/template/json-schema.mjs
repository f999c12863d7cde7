/**
 * Validates JSON values against a JSON Schema: draft 2020-12 and draft-07's spellings; `format` and `default` are
 * annotations only. Properties are always looked up as own ones, so `__proto__`, `constructor` or `toString` in a value
 * or a schema is a name like any other. Recursion is bounded. A `pattern` can run for ever, like the tool itself; the
 * call's timeout ends both.
 */
import { keysTo, SchemaDocument } from './json-schema-document.mjs'
import { evaluate, nothingFound, TOO_DEEP } from './json-schema-evaluate.mjs'
import { RULES } from './json-schema-rules.mjs'
import { issueOf, MAX_ISSUES, pathText } from './issues.mjs'
import { MapOf, push, RangeErrorOf } from './primordials.mjs'

/**
 * A function that returns the issues of a JSON value, an empty list if there are none. It throws where the schema
 * itself is unusable.
 * @param {unknown} schema plain JSON that nobody else refers to
 */
export function jsonSchemaValidator(schema) {
  const document = new SchemaDocument(schema, RULES)
  return (/** @type {unknown} */ value) => {
    const findings = nothingFound(MAX_ISSUES)
    try {
      evaluate(document, schema, value, null, findings, document.tracks ? new MapOf() : null, 0)
    } catch (error) {
      if (error !== TOO_DEEP && !(error instanceof RangeErrorOf)) throw error
      return [issueOf('', 'is nested more deeply than can be checked')]
    }
    /** @type {import('./issues.mjs').Issue[]} */
    const issues = []
    for (let i = 0; i < findings.list.length; i++) push(issues, issueOf(pathText(keysTo(findings.list[i].at)), findings.list[i].message))
    return issues
  }
}
