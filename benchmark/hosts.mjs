/** The runtimes a host program may run on, and how a scenario is run on one. */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { bunPath, node24Path } from './contestants/binaries.mjs'
import { endDescendants } from './meters/proc.mjs'

const HOST = fileURLToPath(new URL('host.mjs', import.meta.url))

/** @param {{ path: string }} host */
export const versionOf = ({ path }) => execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '')

/**
 * Finds the Node of the machine. npm puts the Node among the development dependencies first on the PATH of its scripts;
 * that one is skipped.
 * @returns {string}
 */
function machineNode() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '' && !folder.endsWith('.bin'))
  const path = folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file))
  if (path === undefined) throw new Error('no node on the PATH')
  return path
}

/** @returns {Array<{ name: string, path: string }>} the machine's own Node first */
export function knownHosts() {
  const hosts = []
  for (const [runtime, find] of [['node', machineNode], ['node', node24Path], ['bun', bunPath]]) {
    try {
      const path = find()
      const name = runtime === 'bun' ? runtime : `node${versionOf({ path }).split('.')[0]}`
      if (hosts.every((host) => host.name !== name)) hosts.push({ name, path })
    } catch (error) {
      process.stderr.write(`a host less: ${error.message}\n`)
    }
  }
  return hosts
}

/**
 * @param {{ name: string, path: string }} host
 * @param {{ name: string, hostFlags?: (options: any) => string[] }} scenario
 * @param {{ entrypoint: string, profile: string, heapMb: number, limitMs: number }} options
 * @returns {Promise<Array<object>>} the scenario's entries, or one entry with the reason why there are none
 */
export async function runOn(host, scenario, options) {
  const folder = mkdtempSync(join(tmpdir(), 'toolwarden-bench-'))
  const resultFile = join(folder, 'result.json')
  const flags = host.name === 'bun' ? [] : ['--expose-gc', ...(scenario.hostFlags?.(options) ?? [])]
  try {
    const what = JSON.stringify({ ...options, scenario: scenario.name, resultFile })
    const end = await finished(spawn(host.path, [...flags, HOST, what], { stdio: ['ignore', 2, 2] }), options.limitMs)
    return end === null ? JSON.parse(readFileSync(resultFile, 'utf8')) : [{ contestant: 'the host', notRun: end }]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns {Promise<string | null>} null if it ended well, otherwise how it ended */
export function finished(child, limitMs) {
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      endDescendants(child.pid)
      child.kill('SIGKILL')
    }, limitMs)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (late) resolve(`did not end within ${Math.round(limitMs / 1000)} s`)
      else resolve(code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`)
    })
  })
}
