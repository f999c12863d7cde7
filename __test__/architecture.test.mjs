/** docs/architecture.md names files and functions; they are there. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { read, root } from './support/repository.mjs'

const page = read('docs/architecture.md')
const way = page.slice(page.indexOf('## The way of one call'), page.indexOf('## Threads'))
const picture = way.slice(way.indexOf('```text'), way.lastIndexOf('```'))

/** The functions that follow a file in one of the two columns, also on the next line of the column. */
function stations() {
  const found = []
  for (const line of picture.split('\n')) {
    for (const half of line.split(/──── \w+ ────►|◄─── \w+ ───/)) {
      const parts = half.split(/((?:src|js)\/[\w./-]+\.(?:rs|m?js))/)
      for (let at = 1; at < parts.length; at += 2) {
        const names = parts[at + 1].split(/ {2,}/).find((text) => /^#?\w+(?:, #?\w+)*,?$/.test(text.trim())) ?? ''
        found.push({ file: parts[at], names: names.split(',').map((name) => name.trim()).filter((name) => name !== '') })
      }
    }
  }
  return found
}

describe('docs/architecture.md', () => {
  test('names files that are there', () => {
    const named = [...page.matchAll(/`((?:src|js|tests|__test__|scripts|docs)\/[^`]+)`/g)].map(([, name]) => name)
    assert.ok(named.length > 20)
    assert.deepEqual(named.filter((name) => !existsSync(join(root, name))), [])
  })

  test('shows the way of a call by functions that are in their files', () => {
    const all = stations()
    assert.ok(all.length > 25, `${all.length} files`)
    const missing = all.flatMap(({ file, names }) => {
      const text = read(file)
      return names.filter((name) => !new RegExp(`(?:fn|function|export const) ${name}\\b|^ {4}(?:async )?${name}\\(|^ {2}(?:async )?${name}\\(|^ {4}${name} = `, 'm').test(text)).map((name) => `${file}: ${name}`)
    })
    assert.deepEqual(missing, [])
    assert.ok(all.flatMap(({ names }) => names).length > 35, 'functions were read from the picture')
  })
})
