/** Another manager of a project, in a process of its own: if it hangs it is ended, and nothing waits for it. */

import { spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

import { childrenOf } from './processes.mjs'
import { bounded } from './waiting.mjs'

const program = fileURLToPath(new URL('../fixtures/hosts/neighbour.mjs', import.meta.url))

/**
 * Opens a manager, makes the given calls of a tool, and closes. Returns `{ results }` or `{ error }`, or `{ hung }`.
 * @param {string} dir
 * @param {object} config
 * @param {{ tool: string, input?: any }[]} calls
 */
export async function neighbour(dir, config, calls) {
  const host = startNeighbour(dir, config, calls)
  try {
    return JSON.parse(await bounded(host.line, 'a neighbour'))
  } catch (error) {
    return { hung: error.message }
  } finally {
    host.kill()
    await host.ended
  }
}

/** The same for a manager that prints `{ "open": true }` and then stays until it is killed. */
export function startNeighbour(dir, config, calls) {
  const child = spawn(process.execPath, [program, JSON.stringify({ dir, config, calls: calls ?? null })], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => {
    child.once('close', resolve)
  })
  let text = ''
  const line = new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    ended.then((code) => reject(new Error(`a neighbour ended with ${code}`)))
  })
  line.catch(() => {})
  const kill = () => child.kill('SIGKILL')
  /** Kills everything as when the whole machine stops: no process is left that could remove its files. */
  const killWithGuardian = () => {
    for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL')
    kill()
  }
  return { line, ended, kill, killWithGuardian }
}
