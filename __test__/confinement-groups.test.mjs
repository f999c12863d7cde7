import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { greeter } from './support/loopback.mjs'
import { REAL_BUN } from './support/project.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** The same flags in each runtime's words. */
const RUNTIMES = [
  { runtimeType: 'bun', flags: ({ port, path }) => ({ net: { bunPermissions: [`--allow-net=127.0.0.1:${port}`] }, file: { bunPermissions: [`--allow-read=${path}`] }, none: { bunPermissions: [] } }) },
  { runtimeType: 'node', flags: ({ port, path }) => ({ net: { nodeOptions: ['--permission', `--allow-net=127.0.0.1:${port}`] }, file: { nodeOptions: ['--permission', `--allow-fs-read=${path}`] }, none: { nodeOptions: ['--permission'] } }) },
]

describe('Confinement groups', () => {
  const bench = workbench()

  /** Two tools of one manager, one with the network and one with a file, and what both try. */
  const open = async ({ runtimeType, flags }, config) => {
    const server = await greeter()
    const outside = bench.project({ files: { 'secret.txt': 'secret' } })
    const made = bench.project()
    made.copyTools('groups.mjs', 'tools.mjs')
    const input = { port: server.port, path: outside.path('secret.txt') }
    const { net, file, none } = flags(input)
    const tools = { weather: net, crosses: net, forges: net, report: file, crossesToo: file, slow: file }
    const manager = bench.open(made, { ...none, runtimeType, entrypointPath: 'tools.mjs', maxWorkers: 3, tools, ...config })
    return { manager, input, made, close: server.close }
  }
  const did = (text) => text.startsWith('did: ')
  const tried = ({ net, file }) => [did(net), did(file)]

  for (const runtime of RUNTIMES) {
    for (const isolation of ['call', 'worker']) {
      describe(`of ${runtime.runtimeType}, isolation "${isolation}"`, () => {
        it('keep two tools apart: neither can do what the other may, and a tool without settings neither.', async () => {
          const { manager, input, close } = await open(runtime, { isolation })
          const [weather, report, plain] = await Promise.all(['weather', 'report', 'plain'].map((tool) => manager.executeTool(tool, input)))
          assert.deepEqual([weather, report, plain].map(tried), [[true, false], [false, true], [false, false]])
          assert.equal(new Set([weather.pid, report.pid, plain.pid]).size, 3)
          await close()
        })

        it("confine a tool to its group that calls another one's code through the module that has it.", async () => {
          const { manager, input, close } = await open(runtime, { isolation })
          for (const [tool, expected] of [['crosses', [true, false]], ['crossesToo', [false, true]]]) {
            const { weather, report } = await manager.executeTool(tool, input)
            assert.deepEqual([tried(weather), tried(report)], [expected, expected], tool)
          }
          await close()
        })

        it('take no answer from a process of another group, and no list of tools.', async () => {
          const { manager, close } = await open(runtime, { isolation })
          const slow = manager.executeTool('slow', { ms: 300 })
          // With frames of its own a tool may end its own call, and nothing else.
          await bounded(manager.executeTool('forges', { numbers: Array.from({ length: 50 }, (_, number) => number) }).catch(() => {}), 'the forging call')
          assert.equal(typeof (await slow), 'number')
          assert.ok((await manager.listTools()).length > 5)
          await close()
        })
      })
    }
  }

  it('are kept by the process too: it refuses a tool of another group that a frame asks for.', async () => {
    const { manager, made, close } = await open(RUNTIMES[0], { isolation: 'call', minWorkers: 0 })
    const file = readdirSync(made.path('.toolwarden')).find((name) => name.endsWith('.mjs'))
    /** The status of the answer of a process of this group that is asked for this tool. */
    const status = async (group, tool) => {
      const child = spawn(REAL_BUN, [join(made.path('.toolwarden'), file)], {
        cwd: made.dir,
        stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
        env: { PATH: process.env.PATH, ...(group === 0 ? {} : { TOOLWARDEN_GROUP: String(group) }) },
      })
      const channel = child.stdio[3]
      const call = JSON.stringify({ c: 1, n: '0123456789abcdef', t: tool, x: 'x', a: 1, i: { ms: 1 } })
      const head = Buffer.alloc(5)
      head.writeUInt32LE(call.length + 1)
      head[4] = 0x01
      try {
        return await bounded(
          new Promise((resolve, reject) => {
            let bytes = Buffer.alloc(0)
            channel.on('error', reject)
            child.once('exit', () => reject(new Error('it ended')))
            channel.on('data', (more) => {
              bytes = Buffer.concat([bytes, more])
              while (bytes.length >= 5 && bytes.length >= 4 + bytes.readUInt32LE()) {
                const body = bytes.subarray(5, 4 + bytes.readUInt32LE())
                if (bytes[4] === 0x81) channel.write(Buffer.concat([head, Buffer.from(call)]))
                if (bytes[4] === 0x84) resolve(body[20])
                bytes = bytes.subarray(4 + bytes.readUInt32LE())
              }
            })
          }),
          'an answer',
        )
      } finally {
        child.kill('SIGKILL')
      }
    }
    const [value, otherGroup] = [0, 7]
    assert.equal(await status(0, 'pidOf'), value)
    assert.equal(await status(2, 'slow'), value)
    for (const [group, tool] of [[0, 'slow'], [0, 'weather'], [1, 'slow'], [2, 'weather'], [2, 'pidOf'], [1, '__proto__']]) {
      assert.equal(await status(group, tool), otherGroup, `${tool} in group ${group}`)
    }
    await manager.close()
    await close()
  })

  for (const isolation of ['call', 'worker']) {
    it(`serve 40 tools in 5 groups under maxWorkers 4 with 64 calls in flight, isolation "${isolation}": each call in its group, none starves, never more processes.`, async () => {
      const GROUPS = 5
      const names = Array.from({ length: 40 }, (_, number) => `t${number}`)
      const made = bench.project({
        files: {
          'tools.mjs': `${names.map((name) => `export const ${name} = () => [process.pid, process.env.SIDE ?? '']`).join('\n')}\n`,
          ...Object.fromEntries(Array.from({ length: GROUPS }, (_, group) => [`d${group}/x`, ''])),
        },
      })
      const tools = Object.fromEntries(names.map((name, number) => [name, { bunPermissions: [`--allow-read=./d${number % GROUPS}`] }]))
      const manager = bench.open(made, { entrypointPath: 'tools.mjs', isolation, maxWorkers: 4, bunPermissions: [], tools })
      let most = 0
      const watch = setInterval(() => {
        const { starting, idle, busy } = manager.stats().workers
        most = Math.max(most, starting + idle + busy)
      }, 1)
      const groups = new Map()
      const served = Array.from({ length: GROUPS }, () => 0)
      const rounds = isolation === 'worker' ? 40 : 3
      const caller = async (first) => {
        for (let round = 0; round < rounds; round++) {
          const number = (first * 7 + round * 3) % names.length
          const [pid] = await manager.executeTool(names[number])
          const group = number % GROUPS
          assert.equal(groups.get(pid) ?? group, group, 'a process served two groups')
          groups.set(pid, group)
          served[group]++
        }
      }
      await bounded(Promise.all(Array.from({ length: 64 }, (_, first) => caller(first))), 'every call to be served', 90_000)
      clearInterval(watch)
      assert.equal(served.reduce((sum, count) => sum + count), 64 * rounds)
      assert.ok(served.every((count) => count > 0), served.join())
      assert.ok(most <= 4 && most > 1, `${most} processes`)
    })
  }
})
