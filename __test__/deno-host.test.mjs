/** Deno as the host: its event loop never calls an addon back, and it looks like Node. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'

import { wakeUpMode } from '../js/doorbell.js'
import { WAKE_UP_MODE } from '../js/native-protocol.js'
import { installInto } from './support/installed.mjs'
import { SANDBOX } from './support/settings.mjs'
import { DENO } from './support/verdicts.mjs'
import { workbench } from './support/workbench.mjs'

const HOST = `
  import { Manager } from 'toolwarden'
  const [isolation] = Deno.args
  const manager = new Manager(import.meta.dirname, { sandbox: '${SANDBOX}', isolation, entrypointPath: './tools.mjs', toolExecutionTimeout: '30s' })
  const answers = await Promise.all([1, 2, 3].map((value) => manager.executeTool('echo', value)))
  const exits = await manager.executeTool('exits').catch(({ code }) => code)
  const slow = await manager.executeTool('slow', null, { timeout: '100ms' }).catch(({ code }) => code)
  await manager.close()
  console.log(JSON.stringify([answers, exits, slow]))`
const TOOLS = 'export const echo = (value) => value\nexport const exits = () => process.exit(3)\nexport const slow = () => new Promise(() => setInterval(() => {}, 1000))\n'

describe('A Deno host', () => {
  const bench = workbench()

  for (const isolation of ['call', 'worker']) {
    it(`gets its answers with isolation ${isolation}.`, async () => {
      const project = bench.project({ files: { 'package.json': '{"private":true}', 'main.mjs': HOST, 'tools.mjs': TOOLS } })
      installInto(project.dir)
      const { stdout } = await promisify(execFile)(DENO, ['run', '-A', 'main.mjs', isolation], { cwd: project.dir, env: { HOME: project.dir, PATH: process.env.PATH }, timeout: 60_000 })
      assert.deepEqual(JSON.parse(stdout), [[1, 2, 3], 'ERR_TOOL_EXITED', 'ERR_TOOL_TIMEOUT'])
    })
  }

  it('is woken by nothing of Node or Bun.', () => {
    assert.equal(wakeUpMode({ node: '24.0.0' }), WAKE_UP_MODE.eventLoop)
    assert.equal(wakeUpMode({ node: '24.0.0', bun: '1.4.5' }), WAKE_UP_MODE.sockets)
    assert.ok(!Object.values(WAKE_UP_MODE).includes(wakeUpMode({ node: '24.0.0', deno: '2.9.0' })))
  })
})
