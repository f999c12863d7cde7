/** Our validator and independent ones agree on thousands of schemas and values. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { Validator } from '@cfworker/json-schema'
import { Ajv2020 } from 'ajv/dist/2020.js'

import { jsonSchemaValidator } from '../../src/worker/template/json-schema.mjs'
import { makeCases, random } from '../support/json-schema-cases.mjs'

const SCHEMAS_PER_SEED = 200
const VALUES_PER_SCHEMA = 8
const SEEDS = [1, 2, 3, 4]

const OTHERS = {
  '@cfworker/json-schema': {
    without: [],
    compile: (schema) => {
      const validator = new Validator(schema, '2020-12')
      return (value) => validator.validate(value).valid
    },
  },
  ajv: {
    // This validator ignores `contains` beside `prefixItems` for an empty array, and its tracking of evaluated items
    // can throw.
    without: ['contains', 'if', 'unevaluatedProperties', 'unevaluatedItems'],
    compile: (schema) => new Ajv2020({ strict: false, ownProperties: true, validateSchema: false, logger: false }).compile(schema),
  },
}

describe('The validator of JSON Schema', () => {
  for (const [name, { without, compile }] of Object.entries(OTHERS)) {
    for (const seed of SEEDS) {
      it(`agrees with ${name} on what seed ${seed} gives.`, () => {
        const cases = makeCases(random(seed), without)
        const count = { true: 0, false: 0 }
        for (let i = 0; i < SCHEMAS_PER_SEED; i++) {
          const schema = cases.schema()
          const theirs = compile(schema)
          const ours = jsonSchemaValidator(schema)
          for (let j = 0; j < VALUES_PER_SCHEMA; j++) {
            const value = cases.value()
            const issues = ours(value)
            const expected = theirs(value)
            assert.equal(issues.length === 0, expected, JSON.stringify({ schema, value, issues }))
            count[expected]++
          }
        }
        // If all cases were of one kind, they would prove nothing.
        assert.ok(count.true > 200 && count.false > 200, JSON.stringify(count))
      })
    }
  }
})
