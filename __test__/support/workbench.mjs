import { spawn } from 'node:child_process'
import { after, afterEach } from 'node:test'
import { fileURLToPath } from 'node:url'

import { logCollector } from './logs.mjs'
import { openManager } from './process-start.mjs'
import { makeProject } from './project.mjs'
import { SANDBOX } from './settings.mjs'
import { bounded } from './waiting.mjs'

/**
 * Makes the things that tests need and removes them again: after every test of the surrounding describe(), or after the
 * last one if `shared` is true.
 */
export function workbench({ shared = false } = {}) {
  const removals = []
  const clear = async () => {
    const failures = []
    for (const remove of removals.splice(0).toReversed()) {
      await Promise.resolve()
        .then(remove)
        .catch((error) => failures.push(error))
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((error) => error.message).join('; '))
  }
  if (shared) after(clear)
  else afterEach(clear)

  /** A project directory; see makeProject. */
  const project = (content) => {
    const made = makeProject(content)
    removals.push(made.remove)
    return made
  }

  /** Registers a manager to be closed. */
  const keep = (manager) => {
    removals.push(() => bounded(manager.close({ force: true }), 'a forced close'))
    return manager
  }

  /** A manager over a project. */
  const open = ({ dir }, config = {}) => keep(openManager(dir, { sandbox: SANDBOX, ...config }))

  /** A manager over a new project with one tool fixture. */
  const openTools = (tools, config) => open(project({ tools }), config)

  /**
   * Starts one of fixtures/hosts in a process of its own, with the runtime that runs this test. `openFiles` is its
   * limit of open files.
   */
  const host = (name, args = [], { env = {}, openFiles } = {}) => {
    const script = fileURLToPath(new URL(`../fixtures/hosts/${name}`, import.meta.url))
    const command = [process.execPath, script, JSON.stringify({ sandbox: SANDBOX }), ...args]
    const limited = ['/bin/sh', '-c', 'ulimit -n "$0" && exec "$@"', String(openFiles), ...command]
    const [program, ...argv] = openFiles === undefined ? command : limited
    const child = spawn(program, argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    const output = logCollector()
    const errors = []
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) output.add({ stream: 'stdout', text: line })
    })
    child.stderr.setEncoding('utf8').on('data', (text) => errors.push(text))
    const closed = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, lines: output.texts(), stderr: errors.join('') }))
    })
    removals.push(async () => {
      child.kill('SIGKILL')
      await bounded(closed, `host ${name} to end`)
    })
    return { kill: (signal) => child.kill(signal), ended: (bound) => bounded(closed, `host ${name} to end`, bound), output }
  }

  return { project, keep, open, openTools, host }
}
