/** The properties that every memory limit must have. */

import { rmSync } from 'node:fs'

import { Manager } from '../../index.js'
import { makeProject } from './project.mjs'
import { SANDBOX } from './settings.mjs'

/** A loop in a worker with a limit may take this many times as long as without sandbox and limit. */
const MOST_SLOWDOWN = 1.2
/** Repeats the measurement until the machine is quiet. */
const TRIES = 8

export const memoryCases = ['compiles', 'holdsBuffers', 'holdsObjects', 'endsBuffers', 'endsObjects']

/**
 * The fewest milliseconds that the loop took without a limit. A measurement beside other work is too long, and every later
 * limit would be compared with it, so each limit measures once more.
 * @type {Map<string, number>}
 */
const freely = new Map()

/**
 * Tries one limit; it is good if each of `memoryCases` is true of it.
 * @param {'bun' | 'node'} runtimeType
 * @param {number} mib
 */
export async function tryLimit(runtimeType, mib) {
  const project = makeProject()
  const entrypointPath = project.copyTools('holds-memory.mjs', 'tools.mjs')
  const open = (/** @type {object} */ config) => new Manager(project.dir, { sandbox: SANDBOX, runtimeType, entrypointPath, minWorkers: 0, toolExecutionTimeout: '2m', ...config })
  const quickest = async (/** @type {object} */ config) => {
    const manager = open(config)
    try {
      return Number(await manager.executeTool('works'))
    } finally {
      await manager.close({ force: true })
    }
  }
  /** @type {number[]} */
  const peaks = []
  try {
    let limited = Infinity
    let slowdown = Infinity
    for (let round = 0; round < TRIES && slowdown > MOST_SLOWDOWN; round += 1) {
      freely.set(runtimeType, Math.min(freely.get(runtimeType) ?? Infinity, await quickest({ sandbox: 'off', maxMemoryMb: 0 })))
      limited = Math.min(limited, await quickest({ maxMemoryMb: mib }))
      slowdown = limited / Number(freely.get(runtimeType))
    }
    const manager = open({ maxMemoryMb: mib })
    manager.on('execution', ({ peakMemoryMb }) => peaks.push(peakMemoryMb ?? 0))
    const code = (/** @type {string} */ tool, /** @type {number} */ share) => manager.executeTool(tool, { mib: Math.floor(mib * share) }).then(() => 'held', (error) => error.code)
    const result = {
      slowdown,
      compiles: slowdown <= MOST_SLOWDOWN,
      holdsBuffers: (await code('buffers', 0.85)) === 'held',
      holdsObjects: (await code('objects', 0.85)) === 'held',
      endsBuffers: (await code('buffers', 1.5)) === 'ERR_TOOL_OUT_OF_MEMORY',
      endsObjects: (await code('objects', 1.5)) === 'ERR_TOOL_OUT_OF_MEMORY',
    }
    await manager.close()
    return { ...result, overshoot: Math.max(...peaks) - mib }
  } finally {
    rmSync(project.dir, { recursive: true, force: true })
  }
}
