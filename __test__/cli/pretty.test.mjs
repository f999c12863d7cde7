import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { pretty } from '../../js/cli/pretty.js'

/** A value of so many levels, with so many elements in the innermost. */
const nested = (levels, elements) => JSON.parse(`${'['.repeat(levels)}${Array.from({ length: elements }, () => 1).join(',')}${']'.repeat(levels)}`)

describe('pretty', () => {
  it('indents.', () => {
    const value = { a: [1, { b: '}]"[[{\\' }], c: null }
    assert.equal(pretty(value), JSON.stringify(value, null, 2))
    assert.equal(pretty(undefined), undefined)
    assert.equal(pretty('"'), '"\\""')
  })

  it('leaves what indentation would blow up on one line, and only that.', () => {
    // 100 KB would become 200 MB.
    const deep = nested(1000, 50_000)
    assert.equal(pretty(deep), JSON.stringify(deep))
    const flat = nested(3, 50_000)
    assert.equal(pretty(flat), JSON.stringify(flat, null, 2))
    const brackets = { text: '['.repeat(500_000) }
    assert.equal(pretty(brackets), JSON.stringify(brackets, null, 2))
  })
})
