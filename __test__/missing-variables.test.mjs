import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { failure } from './support/outcomes.mjs'
import { RUNTIMES } from './support/runtimes.mjs'
import { workbench } from './support/workbench.mjs'

const SECRET = 'the-value-of-a-variable'
const HOST = { MISSED_KEY: SECRET, MISSED_URL: SECRET, MISSED_OTHER: SECRET, MISSED_DENIED: SECRET, NO_COLOR: '1', LD_MISSED: SECRET }

const TOOLS = `
  const fail = (text) => { throw new Error(text) }
  export const reads = () => process.env.MISSED_KEY ?? fail('no credentials')
  export const destructures = () => { const { MISSED_URL, MISSED_KEY } = process.env; return MISSED_KEY ?? fail('no credentials') }
  export const asks = () => ('MISSED_KEY' in process.env) || fail('no credentials')
  export const names = () => process.env.MISSED_KEY ?? process.env.MISSED_URL ?? fail('MISSED_URL is not set')
  export const later = async () => { await new Promise((resolve) => setTimeout(resolve, 5)); return process.env.MISSED_KEY ?? fail('no credentials') }
  export const exits = () => { if (!process.env.MISSED_KEY) process.exit(3) }
  export const hangs = (_, __, context) => { process.env.MISSED_KEY; context.progress('read'); return new Promise(() => {}) }
  export const copes = () => process.env.MISSED_KEY ?? 'a default'
  export const failsForElse = () => fail('something else')
  export const colours = () => process.env.NO_COLOR ?? fail('no credentials')
  export const unknown = () => process.env.NOBODY_HAS_THIS ?? process.env.LD_MISSED ?? fail('no credentials')
  export const denied = () => process.env.MISSED_DENIED ?? fail('no credentials')
  export const floods = () => { for (let i = 0; i < 100_000; i++) process.env['FLOOD_' + i]; process.env.MISSED_KEY; fail('no credentials') }
  export const hostile = () => { process.env['MISSED_KEY\\nMISSED_URL']; process.env[Symbol('x')]; process.env.toString; process.env['x'.repeat(100_000)]; fail('no credentials') }
`
const BUN_TOOLS = 'export const bunEnv = () => Bun.env.MISSED_KEY ?? fail("no credentials")\n'

/** The timeout of a call that had read its variable by then: a busy machine may need longer to start a process. */
async function lateOnceItRead(manager) {
  let read = false
  const onProgress = () => {
    read = true
  }
  for (let timeout = 300; timeout <= 20_000; timeout *= 2) {
    const error = await failure(manager.executeTool('hangs', null, { timeout, onProgress }))
    if (read) return error
  }
  throw new Error('the tool was never entered')
}

describe('A tool that fails for want of a variable of the host', () => {
  const bench = workbench({ shared: true })
  const kept = {}
  before(() => {
    for (const [name, value] of Object.entries(HOST)) {
      kept[name] = process.env[name]
      process.env[name] = value
    }
  })
  after(() => {
    for (const name of Object.keys(HOST)) {
      if (kept[name] === undefined) delete process.env[name]
      else process.env[name] = kept[name]
    }
  })

  for (const { name, config } of RUNTIMES) {
    const isBun = config.runtimeType === 'bun'
    const settings = { ...config, entrypointPath: './tools.mjs', ...(isBun ? { bunPermissions: ['--allow-read', '--deny-env=MISSED_DENIED'] } : {}) }
    /** The hint for missing variables. */
    const hint = (...missed) => {
      const list = missed.map((one) => `\`${one}\``).join(' and ')
      const flag = isBun ? `add --allow-env=${missed.join(',')} to \`bunPermissions\`, or ` : ''
      return `the tool read ${list}, which the host has and its tools are not given: ${flag}pass what is needed in the call's \`env\``
    }
    const open = (more = {}, text = TOOLS + (isBun ? BUN_TOOLS : '')) => bench.open(bench.project({ files: { 'tools.mjs': text } }), { ...settings, ...more })

    describe(`(${name})`, () => {
      it('gets its name in the hint, however it was read.', async () => {
        const manager = open()
        for (const tool of ['reads', 'asks', 'later', ...(isBun ? ['bunEnv'] : [])]) {
          const error = await failure(manager.executeTool(tool))
          assert.equal(error.code, 'ERR_TOOL_THREW')
          assert.equal(error.hint, hint('MISSED_KEY'), tool)
        }
        assert.equal((await failure(manager.executeTool('destructures'))).hint, hint('MISSED_KEY', 'MISSED_URL'))
        assert.equal((await failure(manager.executeTool('names'))).hint, hint('MISSED_URL'))
      })

      it('gets the hint when it ends its process or its time is over.', async () => {
        const manager = open()
        const exited = await failure(manager.executeTool('exits'))
        assert.equal(exited.code, 'ERR_TOOL_EXITED')
        assert.equal(exited.hint, `${hint('MISSED_KEY')}; return a value or throw an error instead of calling process.exit()`)
        const late = await lateOnceItRead(manager)
        assert.equal(late.code, 'ERR_TOOL_TIMEOUT')
        assert.ok(late.hint.startsWith(`${hint('MISSED_KEY')}; raise`), late.hint)
      })

      it('gets no hint if no variable was missing, no flag gives it, or it did not fail.', async () => {
        const manager = open()
        for (const tool of ['failsForElse', 'colours', 'unknown', 'floods', 'hostile', ...(isBun ? ['denied'] : [])]) assert.equal((await failure(manager.executeTool(tool))).hint, undefined, tool)
        assert.equal(await manager.executeTool('copes'), 'a default')
      })

      it('never sees a value in an error.', async () => {
        const error = await failure(open().executeTool('reads'))
        assert.equal(JSON.stringify([error, error.message, error.hint, error.stack]).includes(SECRET), false)
      })

      it('finds it with the hint.', async () => {
        if (isBun) assert.equal(await open({ bunPermissions: ['--allow-env=MISSED_KEY'] }).executeTool('reads'), SECRET)
        assert.equal(await open().executeTool('reads', null, { env: { MISSED_KEY: 'of the call' } }), 'of the call')
      })

      it('gets only its own in a process that serves many calls.', async () => {
        const manager = open({ isolation: 'worker', minWorkers: 1, maxWorkers: 1 })
        assert.equal((await failure(manager.executeTool('reads'))).hint, hint('MISSED_KEY'))
        assert.equal((await failure(manager.executeTool('failsForElse'))).hint, undefined)
        assert.equal((await failure(manager.executeTool('names'))).hint, hint('MISSED_URL'))
      })

      it('gets those that modules read while they were imported.', async () => {
        const reads = 'const key = process.env.MISSED_KEY\nexport const uses = () => { if (!key) throw new Error("no key") }\n'
        assert.equal((await failure(open({}, reads).executeTool('uses'))).hint, hint('MISSED_KEY'))
        for (const end of ['throw new Error("no key")', 'process.exit(4)']) {
          const error = await failure(open({ backoffMaxElapsedTime: 20 }, `if (!process.env.MISSED_KEY) ${end}\nexport const tool = () => 1\n`).executeTool('tool'))
          assert.match(error.hint, isBun ? /^the entrypoint read `MISSED_KEY`, .* add --allow-env=MISSED_KEY to `bunPermissions`/ : /^the entrypoint read `MISSED_KEY`, .*read them during the call/)
        }
      })
    })
  }
})

describe('process.env, which is listened to', () => {
  const bench = workbench()
  const LOOKS = `
    import { execFileSync } from 'node:child_process'
    import { inspect, isDeepStrictEqual } from 'node:util'
    export const looks = () => {
      const { env } = process
      const before = Object.keys(env).sort()
      env.NUMBER = 7
      Object.assign(env, { FIRST: 'a', SECOND: 'b' })
      const seen = {
        number: env.NUMBER, own: Object.hasOwn(env, 'NUMBER'), method: env.hasOwnProperty('FIRST'), isIn: ['FIRST' in env, 'NOT_THERE' in env, 'toString' in env],
        missing: env.NOT_THERE === undefined, spread: { ...env }.SECOND, json: JSON.parse(JSON.stringify(env)).FIRST, clone: structuredClone({ ...env }).FIRST,
        keys: Object.keys(env).filter((key) => !before.includes(key)).sort(), loop: [], text: String(env), kind: env instanceof Object,
        plain: isDeepStrictEqual({ ...env }, Object.fromEntries(Object.entries(env))), inspected: inspect(env).includes("FIRST: 'a'"),
        child: execFileSync('/bin/sh', ['-c', 'echo $FIRST'], { env }).toString().trim(),
        childOfCopy: execFileSync('/bin/sh', ['-c', 'echo $THIRD$SECOND'], { env: { ...env, THIRD: 'c' } }).toString().trim(),
      }
      for (const key in env) if (!before.includes(key)) seen.loop.push(key)
      seen.loop.sort()
      seen.deleted = [delete env.FIRST, 'FIRST' in env, Object.keys(env).includes('FIRST'), env.FIRST === undefined]
      env.FIRST = 'again'
      seen.again = env.FIRST
      process.env = { ONLY: '1' }
      seen.replaced = [process.env.ONLY, process.env.FIRST === undefined]
      return seen
    }
  `
  for (const { name, config } of RUNTIMES) {
    it(`behaves as it does without, on ${name}.`, async () => {
      const project = bench.project({ files: { 'tools.mjs': LOOKS } })
      const manager = bench.open(project, { ...config, sandbox: 'off', entrypointPath: './tools.mjs' })
      assert.deepEqual(await manager.executeTool('looks'), {
        number: '7', own: true, method: true, isIn: [true, false, true], missing: true, spread: 'b', json: 'a', clone: 'a', keys: ['FIRST', 'NUMBER', 'SECOND'],
        loop: ['FIRST', 'NUMBER', 'SECOND'], text: '[object Object]', kind: true, plain: true, inspected: true, child: 'a', childOfCopy: 'cb',
        deleted: [true, false, false, true], again: 'again', replaced: ['1', true],
      })
    })
  }
})
