import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadNative } from '../../js/native.js'

const missing = (id) => {
  throw Object.assign(new Error(`Cannot find module '${id}'`), { code: 'MODULE_NOT_FOUND' })
}
const on = (platform, arch, load = missing, musl = () => false) => ({ platform, arch, load, musl })

function refused(host) {
  try {
    loadNative(host)
  } catch (error) {
    return error
  }
  throw new Error('the addon was loaded')
}

describe('loading the addon', () => {
  test('the one built here comes before the installed one', () => {
    const asked = []
    const load = (id) => {
      asked.push(id)
      return id.startsWith('toolwarden-') ? 'addon' : missing(id)
    }
    assert.equal(loadNative(on('darwin', 'arm64', load)), 'addon')
    assert.deepEqual(asked, ['../toolwarden.darwin-arm64.node', 'toolwarden-darwin-arm64'])
  })

  test('on musl the package for musl is found', () => {
    const load = (id) => (id === 'toolwarden-linux-x64-musl' ? 'addon' : missing(id))
    assert.equal(loadNative(on('linux', 'x64', load)), 'addon')
  })

  for (const [platform, arch, musl, name] of [
    ['linux', 'x64', false, 'toolwarden-linux-x64-gnu'],
    ['linux', 'x64', true, 'toolwarden-linux-x64-musl'],
    ['linux', 'arm64', false, 'toolwarden-linux-arm64-gnu'],
    ['win32', 'x64', false, 'toolwarden-win32-x64-msvc'],
  ]) {
    test(`a missing ${name} is named, with what to do`, () => {
      const error = refused(on(platform, arch, missing, () => musl))
      assert.equal(error.code, 'MODULE_NOT_FOUND')
      assert.ok(error.message.includes(`"${name}"`) && error.message.includes(`npm install ${name}`), error.message)
      assert.match(error.message, /--include=optional/)
    })
  }

  test('an addon that is there but broken is not called missing', () => {
    const load = (id) => {
      if (id.startsWith('..')) return missing(id)
      throw Object.assign(new Error("version `GLIBC_9.99' not found\nmore"), { code: 'ERR_DLOPEN_FAILED' })
    }
    const error = refused(on('linux', 'x64', load))
    assert.equal(error.code, 'ERR_DLOPEN_FAILED')
    assert.match(error.message, /cannot be loaded: version `GLIBC_9.99' not found$/)
  })

  test('a platform without an addon is told which have one', () => {
    const error = refused(on('sunos', 'x64'))
    assert.equal(error.code, 'ERR_UNSUPPORTED_PLATFORM')
    assert.match(error.message, /sunos on x64; there is one for linux-x64, .*win32-x64/)
  })
})
