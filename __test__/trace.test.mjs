/** `TOOLWARDEN_TRACE=1`, as docs/debugging.md describes it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { HANG_BOUND } from './support/settings.mjs'
import { workbench } from './support/workbench.mjs'

const LINE = /^toolwarden \d+\.\d{6} (event|effect) \w+/

describe('TOOLWARDEN_TRACE', () => {
  const bench = workbench()
  /** What a host prints that calls a tool which never settles, until its timeout of 50 ms. */
  const traced = async (value) => {
    const { dir } = bench.project({ tools: 'slow.ts' })
    const config = { toolExecutionTimeout: 50, gracePeriod: '10s', isolation: 'worker', minWorkers: 0, maxWorkers: 1 }
    const host = bench.host('waits-in-a-call.mjs', [dir, 'never-settles', JSON.stringify(config)], { env: { TOOLWARDEN_TRACE: value } })
    const { stderr } = await host.ended()
    return stderr.split('\n').filter((line) => line.startsWith('toolwarden '))
  }

  test('shows why a call timed out.', async () => {
    const lines = await traced('1')
    for (const line of lines) assert.match(line, LINE)
    // What comes between these is another matter.
    const story = [
      /event Submit call=\d+ tool="never-settles" timeout=50ms$/,
      /effect Start process=1$/,
      /event Started process=1 pid=\d+ forked=false$/,
      /event Frame process=1 READY$/,
      /effect Imported process=1$/,
      /effect Send call=\d+ process=1 CALL bytes=\d+$/,
      /event Tick$/,
      /effect Send call=\d+ process=1 ABORT timeout$/,
      /effect Kill process=1 timeout$/,
      /event Exited process=1 Signal\(9\)/,
      /effect Settle call=\d+ timeout$/,
    ]
    let at = 0
    for (const expected of story) {
      const found = lines.findIndex((line, index) => index >= at && expected.test(line))
      assert.ok(found >= 0, `${expected} in\n${lines.slice(at).join('\n')}`)
      at = found + 1
    }
  })

  test('shows nothing of what a tool is given, prints or returns.', async () => {
    const tool = "export const tells = (input) => { console.log(input.secret); console.error(process.env.SECRET); return input.secret }"
    const { dir, write } = bench.project({ files: { 'tools.ts': tool } })
    const host = write(
      'host.mjs',
      `import { Manager } from ${JSON.stringify(fileURLToPath(new URL('../index.js', import.meta.url)))}
      const manager = new Manager(${JSON.stringify(dir)}, { minWorkers: 0 })
      const value = await manager.executeTool('tells', { secret: 'hush-1' }, { env: { SECRET: 'hush-2' }, onLog() {} })
      process.stdout.write(value)
      await manager.close()`,
    )
    const env = { ...process.env, TOOLWARDEN_TRACE: '1' }
    const { stdout, stderr } = spawnSync(process.execPath, [host], { encoding: 'utf8', env, timeout: HANG_BOUND })
    assert.equal(stdout, 'hush-1', stderr)
    assert.match(stderr, /effect Settle call=\d+ value/)
    assert.doesNotMatch(stderr, /hush/)
  })

  for (const value of ['', '0']) {
    test(`is off where it is ${JSON.stringify(value)}.`, async () => {
      assert.deepEqual(await traced(value), [])
    })
  }
})
