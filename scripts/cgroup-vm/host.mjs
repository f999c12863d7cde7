/** A host inside the virtual machine. Its argument names the test; it prints the results as lines of JSON. */

import { chmodSync, copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { copyTools } from '../../__test__/support/attack-natives.mjs'
import { REAL_BUN } from '../../__test__/support/project.mjs'
import { Manager } from '../../index.js'

const LIMIT = 256
const MOST = LIMIT * 2
const WELL_BELOW = 152

const dir = mkdtempSync(join(tmpdir(), 'project-'))
chmodSync(dir, 0o755)
copyTools(dir)
copyFileSync(fileURLToPath(new URL('tools.mjs', import.meta.url)), join(dir, 'more.mjs'))

/** @param {any} row */
const tell = (row) => process.stdout.write(`${JSON.stringify(row)}\n`)

/** @param {'bun' | 'node'} runtimeType @param {string} file @param {object} [config] */
const open = (runtimeType, file, config = {}) =>
  new Manager(dir, {
    runtimeType,
    entrypointPath: `./${file}`,
    minWorkers: 0,
    maxMemoryMb: LIMIT,
    toolExecutionTimeout: '60s',
    ...(runtimeType === 'bun' ? { runtimePath: REAL_BUN } : { nodeOptions: ['--permission', '--allow-addons'] }),
    ...config,
  })

/** @param {any} manager @param {string} tool @param {any} input */
async function call(manager, tool, input) {
  /** @type {Promise<any>} */
  const record = new Promise((resolve) => manager.on('execution', resolve))
  const outcome = await manager.executeTool(tool, input).then(
    (/** @type {any} */ value) => ({ value }),
    (/** @type {any} */ error) => ({ code: error.code, message: error.message }),
  )
  const { peakMemoryMb } = await record
  return { ...outcome, peak: peakMemoryMb }
}

/** @param {'bun' | 'node'} runtime @param {string} way @param {string} file @param {string} tool @param {any} input @param {any} [config] */
async function tryOne(runtime, way, file, tool, input, config) {
  const manager = open(runtime, file, config)
  const { memory, level } = manager.enforcement
  const outcome = await call(manager, tool, input)
  await manager.close()
  tell({ kind: 'limit', runtime, way, memory, level, limit: config?.maxMemoryMb ?? LIMIT, ...outcome })
}

/** Flags in the runtime's own spelling. @param {'bun' | 'node'} runtime @param {string[]} bun @param {string[]} node */
const allow = (runtime, bun, node) =>
  runtime === 'bun' ? { bunPermissions: bun } : { nodeOptions: ['--permission', '--allow-addons', ...node] }

/** @type {Record<string, () => Promise<void>>} */
const actions = {
  async limits() {
    for (const runtime of /** @type {const} */ (['bun', 'node'])) {
      for (const way of ['buffers', 'objects', 'shared', 'tables', 'locked', 'stacks']) {
        await tryOne(runtime, way, 'memory.mjs', 'hold', { way, mib: MOST, ms: 3000 })
      }
      // The number of open files limits how much memory sockets can use.
      await tryOne(runtime, 'sockets', 'memory.mjs', 'hold', { way: 'sockets', mib: MOST, ms: 3000 }, { maxMemoryMb: 64 })
      await tryOne(runtime, 'files of /dev/shm', 'more.mjs', 'fillFiles', { dir: '/dev/shm', mib: MOST }, allow(runtime, ['--allow-write=/dev/shm'], ['--allow-fs-write=/dev/shm']))
      await tryOne(runtime, 'programs', 'memory.mjs', 'holdInChildren', { program: REAL_BUN, mib: MOST, ms: 3000 }, allow(runtime, ['--allow-run', '--allow-read'], ['--allow-child-process', '--allow-fs-read=*']))
      await tryOne(runtime, 'threads', 'memory.mjs', 'hold', { way: 'threads', mib: 8000, ms: 300 })
      await tryOne(runtime, 'below: buffers', 'memory.mjs', 'hold', { way: 'buffers', mib: WELL_BELOW, ms: 300 })
      await tryOne(runtime, 'below: files read', 'more.mjs', 'readMuch', { file: REAL_BUN, times: 8 }, allow(runtime, ['--allow-read'], ['--allow-fs-read=*']))
      await tryOne(runtime, 'a program that leaves its group', 'more.mjs', 'leaves', {}, { sandbox: 'off' })
    }
  },
  async control() {
    const manager = open('bun', 'more.mjs')
    const { memory } = manager.enforcement
    const value = await manager.executeTool('add', { a: 1, b: 2 })
    const none = open('bun', 'more.mjs', { maxMemoryMb: 0 }).enforcement.memory
    const off = open('bun', 'more.mjs', { sandbox: 'off' }).enforcement.memory
    await manager.close()
    tell({ kind: 'control', memory, none, off, value })
  },
  async waits() {
    const manager = open('bun', 'more.mjs')
    manager.on('log', () => tell({ kind: 'waiting' }))
    await manager.executeTool('waits')
  },
}

const action = actions[process.argv[2] ?? '']
if (action === undefined) throw new Error(`unknown: ${process.argv[2]}`)
await action()
process.exit(0)
