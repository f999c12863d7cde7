/**
 * Validates JSON values against a JSON Schema: draft 2020-12 and draft-07's spellings, `format` and `default` being
 * annotations only. Properties are asked for as own ones throughout, so a value's or a schema's `__proto__`, `constructor` or
 * `toString` is a name like any other. Recursion is bounded. A `pattern` can run for ever, as can the tool: the call's
 * timeout ends both.
 */
import { keysTo, SchemaDocument } from './json-schema-document.mjs'
import { evaluate, nothingFound, TOO_DEEP } from './json-schema-evaluate.mjs'
import { RULES } from './json-schema-rules.mjs'
import { issueOf, MAX_ISSUES, pathText } from './issues.mjs'
import { MapOf, push, RangeErrorOf } from './primordials.mjs'

/**
 * A function that gives what is wrong with a JSON value, which is nothing when the list is empty. It throws where the schema
 * itself cannot be used.
 * @param {unknown} schema plain JSON, nobody else's
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
