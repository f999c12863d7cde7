/** The rules of CONTRIBUTING.md that are about files, and the lint rules that hold those about tests. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { circles, namedScripts } from './support/import-circles.mjs'
import { read, root, tableRows } from './support/repository.mjs'

/** The contract is one file on purpose. */
const MAY_BE_LONG = new Set(['index.d.ts'])
const MOST_LINES = 400
const MEDIAN = 120
const lengthOf = (text) => text.split('\n').length - 1

describe('Files', () => {
  const sources = read.all(/^(?:build\.rs|index\.\w+(?:\.ts)?|(?:src|js|tests|__test__|benchmark|scripts|examples)\/.*\.(?:rs|js|mjs|ts|c|sh))$/)

  test(`have no more than ${MOST_LINES} lines`, () => {
    const longer = sources.filter(([file, text]) => !MAY_BE_LONG.has(file) && lengthOf(text) > MOST_LINES).map(([file]) => file)
    assert.deepEqual(longer, [])
  })

  test(`of src/ and js/ have fewer than ${MEDIAN} lines in the median`, () => {
    const lengths = sources.filter(([file]) => /^(?:src|js)\//.test(file)).map(([, text]) => lengthOf(text))
    const median = lengths.toSorted((one, other) => one - other)[Math.floor(lengths.length / 2)]
    assert.ok(median < MEDIAN, `the median is ${median}`)
  })

  test('of Rust leave no test out', () => {
    for (const [file, text] of sources) if (file.endsWith('.rs')) assert.doesNotMatch(text, /#\[ignore\b/, file)
  })

  test('that CONTRIBUTING names are there', () => {
    const rows = tableRows(read('CONTRIBUTING.md'), 'change')
    assert.ok(rows.length >= 10, `${rows.length} changes`)
    const missing = rows.flatMap(([change, files]) => {
      const named = [...files.matchAll(/`([^`]+)`/g)].map(([, name]) => name).filter((name) => /\.\w+$/.test(name))
      assert.ok(named.length >= 2, change)
      return named.filter((file) => !existsSync(join(root, file))).map((file) => `${change}: ${file}`)
    })
    assert.deepEqual(missing, [])
  })

  test('of docs/ are linked', () => {
    const pages = read.all(/^(?:README|CONTRIBUTING|docs\/[^/]+)\.md$/)
    for (const [page] of pages.filter(([file]) => file.startsWith('docs/'))) {
      const name = page.slice('docs/'.length)
      const links = pages.filter(([file, text]) => file !== page && (text.includes(`(docs/${name}`) || text.includes(`(${name}`)))
      assert.notEqual(links.length, 0, `${page} is linked nowhere`)
    }
  })
})

describe('Scripts', () => {
  for (const [where, pattern] of [
    ['the package', /^(?:index\.js|index\.d\.ts|js\/.*\.(?:js|d\.ts))$/],
    ['the worker file', /^src\/worker\/template\/.*\.(?:mjs|d\.ts)$/],
  ]) {
    test(`of ${where} do not use one another in a circle`, () => {
      const named = namedScripts(read.all(pattern))
      const imports = [...named.values()].reduce((sum, { size }) => sum + size, 0)
      assert.ok(imports > named.size, `the imports were found: ${imports} of ${named.size} scripts`)
      assert.deepEqual(circles(named), [])
    })
  }

  test('in a circle are found, whichever way they name one another', () => {
    const named = namedScripts([
      ['index.js', "import './js/a.js'"],
      ['js/a.js', "import {\n  one,\n} from './b.js'\nimport fs from 'node:fs'"],
      ['js/b.js', "export * from './deep/c.js'"],
      ['js/deep/c.js', "/** @typedef {import('../a.js').One} One */"],
      ['js/deep/d.js', 'const e = await import("./e.d.ts")'],
      ['js/deep/e.d.ts', "import type { D } from './d.js'\nimport { A } from '../a.js'"],
    ])
    assert.deepEqual(circles(named), [
      ['js/a.js', 'js/b.js', 'js/deep/c.js'],
      ['js/deep/d.js', 'js/deep/e.d.ts'],
    ])
  })
})

describe('Rules for tests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'toolwarden-lint-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  const RULES = ['known-imports', 'no-left-out-test', 'no-fixed-sleep', 'no-unbounded-loop']
  const rules = Object.fromEntries(RULES.map((rule) => [`tests/${rule}`, 'error']))
  writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify({ jsPlugins: [join(root, 'scripts/lint/tests.js')], categories: { correctness: 'off' }, rules }))

  /** The rules that a text breaks. */
  function broken(text) {
    const file = join(folder, 'some.test.mjs')
    writeFileSync(file, text)
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format=json', file], { cwd: folder, encoding: 'utf8' })
    assert.equal(stderr, '')
    return JSON.parse(stdout).diagnostics.map(({ code }) => /tests\((.*)\)/.exec(code)[1])
  }

  for (const [rule, text] of [
    ['known-imports', "import { mock } from 'node:test'\nmock()"],
    ['known-imports', "import { it, test } from 'node:test'\nit('a')\ntest('b')"],
    ['no-left-out-test', "import { test } from 'node:test'\ntest.skip('a')"],
    ['no-left-out-test', "import { it } from 'node:test'\nit('a', { todo: true }, () => {})"],
    ['no-fixed-sleep', 'await new Promise((resolve) => setTimeout(resolve, 100))'],
    ['no-fixed-sleep', "import { setTimeout as sleep } from 'node:timers/promises'\nawait sleep(100)"],
    ['no-unbounded-loop', 'for (;;) console.log()'],
    ['no-unbounded-loop', 'while (true) console.log()'],
    ['no-unbounded-loop', 'while ((await ask())[0] !== 1) console.log()'],
    ['no-unbounded-loop', 'do console.log()\nwhile (1)'],
  ]) {
    test(`${rule} refuses ${JSON.stringify(text)}`, () => assert.deepEqual(broken(text), [rule]))
  }

  test('let pass what waits for an event, and what a tool does', () => {
    const text = "import { it } from 'node:test'\nconst tool = 'for (;;);'\nit(tool, async () => {\n  for (let round = 0; round < 3; round += 1) await until(tool)\n})"
    assert.deepEqual(broken(text), [])
  })

  test('hold for all tests of the repository', () => {
    const config = JSON.parse(read('.oxlintrc.json'))
    const held = config.overrides.filter(({ files }) => files.includes('__test__/**')).flatMap((override) => Object.entries(override.rules))
    for (const rule of Object.keys(rules)) assert.deepEqual(held.find(([name]) => name === rule)?.[1], 'error', rule)
  })
})

describe('Decisions', () => {
  const sections = [...read('docs/decisions.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title.toLowerCase().replaceAll(' ', '-'))

  test('are linked from the code that they explain, section by section', () => {
    const code = read.all(/^(?:build\.rs|(?:src|js|scripts)\/.*\.(?:rs|js|mjs))$/)
    const linked = new Set(code.flatMap(([, text]) => [...text.matchAll(/docs\/decisions\.md#([a-z-]+)/g)].map(([, section]) => section)))
    assert.deepEqual([...linked].toSorted(), sections.toSorted())
  })
})
