import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const table = readFileSync(`${root}docs/security.md`, 'utf8').split('## Attacks that are tried')[1].split('\n## ')[0]
const named = [...table.matchAll(/`([\w/-]+\.(?:test\.mjs|rs))`/g)].map(([, file]) => file)

describe('The table of attacks in docs/security.md', () => {
  it('names every file of attacks.', () => {
    const files = readdirSync(`${root}__test__/attacks`).filter((name) => name.endsWith('.test.mjs'))
    assert.ok(files.length > 10)
    assert.deepEqual(files.filter((name) => !named.includes(`attacks/${name}`)), [])
  })

  it('names no test that is not there.', () => {
    assert.ok(named.length > 20)
    assert.deepEqual(named.filter((name) => !existsSync(`${root}__test__/${name}`) && !existsSync(`${root}tests/${name}`)), [])
  })
})
