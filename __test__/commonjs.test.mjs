/** The entries for CommonJS: the same modules, the same names, also where `require` refuses ES modules. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

const require = createRequire(import.meta.url)
const packageFile = new URL('../package.json', import.meta.url)
const { main, exports, typesVersions } = JSON.parse(readFileSync(packageFile, 'utf8'))
const entries = Object.entries(exports).filter(([, entry]) => typeof entry !== 'string')
const path = (file) => fileURLToPath(new URL(file, packageFile))

/** What Jest 30 and Jest 29 throw where an ES module is required. */
const REFUSALS = [
  Object.assign(new Error('Must use import to load ES Module'), { code: 'ERR_REQUIRE_ESM' }),
  new SyntaxError('Cannot use import statement outside a module'),
]

/** As Jest does it: in a context of its own, with a `require` that loads CommonJS only and builtins that do not lead out of it. */
function requireLikeJest(file, refusal) {
  const process = { getBuiltinModule: () => undefined }
  const context = vm.createContext({ process })
  const load = (name) => {
    const module = { exports: {} }
    const own = (id) => {
      if (id.startsWith('node:')) return require(id)
      if (!id.endsWith('.cjs')) throw refusal
      return load(createRequire(name).resolve(id))
    }
    const wrapped = vm.runInContext(`(function (module, exports, require, __filename, __dirname) {${readFileSync(name, 'utf8')}\n})`, context)
    wrapped(module, module.exports, own, name, dirname(name))
    return module.exports
  }
  return load(file)
}

test('what older programs take for the entry is the one for CommonJS', () => {
  assert.equal(main, exports['.'].require.default)
  const known = entries.map(([name]) => name).filter((name) => name !== '.')
  assert.deepEqual(Object.keys(typesVersions['*']).map((name) => `./${name}`), known)
  for (const name of known) assert.deepEqual(typesVersions['*'][name.slice(2)], [exports[name].default.types])
})

describe('each entry for CommonJS', () => {
  for (const [name, entry] of entries) {
    test(`${name} is the module that imports get`, async () => {
      const imported = await import(path(entry.default.default))
      for (const required of [require(path(entry.require.default)), ...REFUSALS.map((refusal) => requireLikeJest(path(entry.require.default), refusal))]) {
        assert.deepEqual(Object.keys(required).toSorted(), Object.keys(imported).toSorted())
        for (const each of Object.keys(imported)) assert.equal(required[each], imported[each], each)
      }
    })

    test(`${name} declares every value`, async () => {
      const declared = [...readFileSync(path(entry.require.types), 'utf8').matchAll(/^export declare const (\w+): Module\['\1'\]$/gm)].map(([, value]) => value)
      assert.deepEqual(declared.toSorted(), Object.keys(await import(path(entry.default.default))).toSorted())
    })
  }

  test('passes on what else goes wrong', () => {
    const broken = new TypeError('broken')
    assert.throws(() => require('../js/commonjs.cjs')(broken, path('index.js')), broken)
  })
})
