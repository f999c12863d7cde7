import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createConfigFunctions } from '../../js/config.js'
import { ConfigError } from '../../js/errors.js'
import { createManagerClass } from '../../js/manager.js'
import { loadNative } from '../../js/native.js'
import { TARGETS } from '../../scripts/build-all/targets.mjs'

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
    assert.equal(loadNative(on('linux', 'arm64', load)), 'addon')
    assert.deepEqual(asked, ['../toolwarden.linux-arm64-gnu.node', 'toolwarden-linux-arm64-gnu'])
  })

  test('on musl the package for musl is found', () => {
    const load = (id) => (id === 'toolwarden-linux-x64-musl' ? 'addon' : missing(id))
    assert.equal(loadNative(on('linux', 'x64', load)), 'addon')
  })

  for (const [platform, arch, musl, name] of [
    ['linux', 'x64', false, 'toolwarden-linux-x64-gnu'],
    ['linux', 'x64', true, 'toolwarden-linux-x64-musl'],
    ['linux', 'arm64', false, 'toolwarden-linux-arm64-gnu'],
    ['linux', 'arm64', true, 'toolwarden-linux-arm64-musl'],
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
})

describe('a Bun host', () => {
  const asked = (bun) => loadNative({ ...on('linux', 'x64', () => 'addon'), bun })

  test('is refused with a sentence where its event loop cannot be woken', () => {
    for (const version of ['0.8.1', '1.2.23', '1.3.14']) {
      const { Manager } = createManagerClass(asked(version))
      assert.throws(() => new Manager('.'), (error) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.code, 'ERR_RUNTIME_UNSUPPORTED')
        assert.ok(error.message.includes('Bun 1.4') && error.message.includes(version), error.message)
        return error.hint.startsWith('update Bun')
      })
    }
  })

  test('gets the addon from 1.4 on', () => {
    for (const version of ['1.4.0', '1.10.2', '2.0.0', undefined]) assert.equal(asked(version), 'addon')
  })
})

describe('a platform without an addon', () => {
  for (const [platform, arch, name, instead] of [
    ['win32', 'x64', 'Windows (x64)', /WSL 2/],
    ['sunos', 'x64', 'sunos (x64)', /container/],
    ['linux', 'riscv64', 'linux (riscv64)', /container/],
  ]) {
    const native = () => loadNative(on(platform, arch, () => assert.fail('something was loaded')))
    const refusal = (act) => {
      try {
        act()
      } catch (error) {
        return error
      }
      return assert.fail('nothing was thrown')
    }

    test(`${name}: the package loads, and every use says what is missing and what works`, () => {
      const { Manager, ManagerBuilder } = createManagerClass(native())
      const config = createConfigFunctions(native())
      for (const use of [
        () => new Manager('.'),
        () => new Manager('.', { sandbox: 'off' }),
        () => Manager.builder('.'),
        () => new ManagerBuilder('.'),
        () => config.defaultConfig(),
        () => config.configFromEnv({}),
      ]) {
        const error = refusal(use)
        assert.ok(error instanceof ConfigError, String(use))
        assert.equal(error.code, 'ERR_SANDBOX_UNAVAILABLE')
        assert.ok(error.message.includes(name) && error.message.includes('linux-x64 and linux-arm64'), error.message)
        assert.match(error.hint, instead)
      }
      assert.equal(config.isBunAvailable(), false)
    })
  }
})

test('what is built, packed, loaded and released is the same list of platforms', () => {
  const root = new URL('../../', import.meta.url)
  const text = (path) => readFileSync(new URL(path, root), 'utf8')
  const { targets } = JSON.parse(text('package.json')).napi
  assert.deepEqual(targets.toSorted(), TARGETS.map(({ triple }) => triple).toSorted())
  for (const workflow of ['release', 'ci']) {
    const [, built] = text(`.github/workflows/${workflow}.yml`).match(/^ *targets: (.*)$/m)
    assert.deepEqual(built.split(', ').toSorted(), targets.toSorted(), workflow)
  }
  const names = TARGETS.map(({ platform }) => platform)
  assert.deepEqual(readdirSync(new URL('npm/', root)).toSorted(), names.toSorted())
  const systems = ['linux', 'darwin'].flatMap((platform) => ['x64', 'arm64'].map((arch) => [platform, arch]))
  const asked = systems.flatMap(([platform, arch]) => {
    const ids = []
    refused(on(platform, arch, (id) => {
      ids.push(id)
      return missing(id)
    }))
    return ids.filter((id) => !id.startsWith('..'))
  })
  assert.deepEqual(asked.toSorted(), names.map((name) => `toolwarden-${name}`).toSorted())
})
