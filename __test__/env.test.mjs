import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { ValidationError } from '../index.js'
import { everythingIn, failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const VALUE = 'value-that-must-not-show'

/** Names that can inject code. */
const INJECTING = `
  LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_ANYTHING DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH DYLD_ANYTHING
  NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS BUN_CONFIG_PROFILE BUN_OPTIONS BUN_INSPECT_PRELOAD BUN_ANYTHING
  GCONV_PATH BASH_ENV ENV XDG_CONFIG_HOME TOOLWARDEN_PROJECT_ROOT TOOLWARDEN_TOOL_EXEC_ID TOOLWARDEN_ANYTHING`

/** Texts that are not valid names. */
const MALFORMED = [
  '',
  'lowercase_var',
  'Mixed_Case',
  'WITH-DASH',
  'WITH.DOT',
  'WITH BLANK',
  '1STARTS_WITH_DIGIT',
  'EQUAL=SIGN',
  'NUL\0',
  'LINE\n',
  '\u00c9TAT',
  '\u212aELVIN',
  '__proto__',
  'constructor',
]

describe('The environment of a call', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('environment.ts')
  })

  for (const name of [...INJECTING.trim().split(/\s+/), ...MALFORMED]) {
    it(`may not name ${JSON.stringify(name)}, and the refusal does not show the value.`, async () => {
      // Object.fromEntries defines an own property also for __proto__.
      const error = await failure(manager.executeTool('all', null, { env: Object.fromEntries([[name, VALUE]]) }))
      assert.equal(error.code, 'ERR_ENV_INVALID')
      assert.ok(error instanceof ValidationError)
      assert.equal(error.operation, 'validate inputs')
      assert.equal(error.field, `env.${name}`)
      assert.ok(!everythingIn(error).includes(VALUE))
    })
  }

  for (const [what, character] of [['CR', '\r'], ['LF', '\n'], ['NUL', '\0']]) {
    it(`may not have a value with ${what}, and the refusal does not show the value.`, async () => {
      const error = await failure(manager.executeTool('all', null, { env: { GOOD: 'x', NAME: `${VALUE}${character}more` } }))
      assert.equal(error.code, 'ERR_ENV_INVALID')
      assert.equal(error.field, 'env.NAME')
      assert.ok(!everythingIn(error).includes(VALUE))
    })
  }

  for (const value of [42, true, null, {}, ['x'], Symbol('s')]) {
    it(`may not have a value that is ${value === null ? 'null' : typeof value}: ${String(value)}.`, async () => {
      const error = await failure(manager.executeTool('all', null, { env: { NAME: value } }))
      assert.equal(error.code, 'ERR_ENV_INVALID')
      assert.equal(error.field, 'env.NAME')
    })
  }

  for (const value of ['', 'plain', 'with\ttab', 'gr\u00fc\u00dfe \u4e16\u754c \u{1f680}', ' spaced ', '"quoted" $HOME `id`', 'a=b=c', 'x'.repeat(50_000)]) {
    it(`carries the value ${JSON.stringify(value.slice(0, 30))} unchanged.`, async () => {
      assert.equal(await manager.executeTool('get', 'CALL_VALUE', { env: { CALL_VALUE: value } }), value)
    })
  }

  for (const name of ['A', '_', '_PRIVATE', 'WITH_2_DIGITS', 'NODE_ENV', 'ENVIRONMENT', 'LDX']) {
    it(`may name ${name}.`, async () => {
      assert.equal(await manager.executeTool('get', name, { env: { [name]: 'given' } }), 'given')
    })
  }

  it('is found in process.env and in context.env.', async () => {
    const seen = await manager.executeTool('context-and-process', 'CALL_VALUE', { env: { CALL_VALUE: 'x' } })
    assert.deepEqual(seen, { context: 'x', process: 'x' })
  })

  it('is not there in the next call.', async () => {
    await manager.executeTool('get', 'CALL_VALUE', { env: { CALL_VALUE: 'x' } })
    assert.equal(await manager.executeTool('get', 'CALL_VALUE'), null)
  })
})

describe('The environment of a tool', () => {
  const HOST_ONLY = {
    HOST_SECRET_TOKEN: 'a host secret',
    AWS_SECRET_ACCESS_KEY: 'another host secret',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    LC_ALL: 'C.UTF-8',
  }
  const bench = workbench()
  const saved = {}
  before(() => {
    for (const [name, value] of Object.entries(HOST_ONLY)) {
      saved[name] = process.env[name]
      process.env[name] = value
    }
  })
  after(() => {
    for (const [name, value] of Object.entries(saved)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  it('contains only harmless variables of the host, and the markers of a tool.', async () => {
    const project = bench.project({ tools: 'environment.ts' })
    const env = await bench.open(project).executeTool('all', null, { toolExecId: 'exec-7' })
    const harmless = /^(PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|TMP|TEMP|TERM|SHLVL|RES_OPTIONS)$/
    const marks = ['TOOLWARDEN', 'TOOLWARDEN_PROJECT_ROOT', 'TOOLWARDEN_TOOL_EXEC_ID']
    assert.deepEqual(Object.keys(env).filter((name) => !harmless.test(name)).toSorted(), marks)
    assert.equal(env.TOOLWARDEN, '1')
    assert.equal(env.TOOLWARDEN_PROJECT_ROOT, project.dir)
    assert.equal(env.TOOLWARDEN_TOOL_EXEC_ID, 'exec-7')
    assert.equal(env.LC_ALL, 'C.UTF-8')
    assert.equal(env.PATH, process.env.PATH)
  })

  it('contains the variables that --allow-env names, and no others.', async () => {
    const manager = bench.openTools('environment.ts', { bunPermissions: ['--allow-read', '--allow-env=HOST_SECRET_TOKEN'] })
    assert.equal(await manager.executeTool('get', 'HOST_SECRET_TOKEN'), 'a host secret')
    assert.equal(await manager.executeTool('get', 'AWS_SECRET_ACCESS_KEY'), null)
  })

  it('contains the variables with a prefix in --allow-env.', async () => {
    const manager = bench.openTools('environment.ts', { bunPermissions: ['--allow-read', '--allow-env=HOST_*'] })
    assert.equal(await manager.executeTool('get', 'HOST_SECRET_TOKEN'), 'a host secret')
    assert.equal(await manager.executeTool('get', 'AWS_SECRET_ACCESS_KEY'), null)
  })

  it('contains everything with --allow-env except the variables that --deny-env names.', async () => {
    const bunPermissions = ['--allow-read', '--allow-env', '--deny-env=AWS_SECRET_ACCESS_KEY']
    const manager = bench.openTools('environment.ts', { bunPermissions })
    assert.equal(await manager.executeTool('get', 'HOST_SECRET_TOKEN'), 'a host secret')
    assert.equal(await manager.executeTool('get', 'AWS_SECRET_ACCESS_KEY'), null)
  })

  it('is not filled from the .env files of the project.', async () => {
    const manager = bench.open(
      bench.project({ tools: 'environment.ts', files: { '.env': 'FROM_DOTENV=1\n', '.env.local': 'FROM_DOTENV=2\n', '.env.production': 'FROM_DOTENV=3\n' } }),
    )
    assert.equal(await manager.executeTool('get', 'FROM_DOTENV'), null)
  })

  it('is not led astray by a bunfig.toml of the project that preloads a module.', async () => {
    const files = {
      'bunfig.toml': 'preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n',
      'preload.ts': 'globalThis.preloaded = "yes"\nconsole.log("preload ran")\n',
    }
    const manager = bench.open(bench.project({ tools: 'environment.ts', files }))
    assert.equal(await manager.executeTool('preload-mark'), null)
  })

  it('and the arguments tell the module nothing that differs between two calls with the same execution id, but where temporary files go.', async () => {
    const manager = bench.openTools('environment.ts')
    const seen = async (tool) => {
      const said = await manager.executeTool(tool, null, { toolExecId: 'same' })
      for (const name of ['TMPDIR', 'TMP', 'TEMP']) delete said.env[name]
      return said
    }
    const view = () => seen('at-import')
    const now = () => seen('now')
    assert.deepEqual(await view(), await view())
    assert.deepEqual(await now(), await now())
  })
})
