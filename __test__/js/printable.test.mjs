import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import { printable, printableLines } from '../../js/printable.js'

/** The Rust core is tested with the same file. */
const { escaped, texts } = JSON.parse(readFileSync(new URL('../fixtures/printable.json', import.meta.url), 'utf8'))

describe('Text of a tool', () => {
  it('is shown as the vectors say.', () => {
    for (const { text, line, lines } of texts) {
      assert.equal(printable(text), line)
      assert.equal(printableLines(text), lines)
    }
  })

  it('has exactly the characters of the table escaped.', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const listed = escaped.some(([first, last]) => first <= code && code <= last)
      assert.equal(printable(String.fromCharCode(code)) !== String.fromCharCode(code), listed, code.toString(16))
    }
  })
})
