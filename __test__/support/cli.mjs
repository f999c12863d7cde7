import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { logCollector } from './logs.mjs'
import { SANDBOX } from './settings.mjs'
import { bounded } from './waiting.mjs'

export const BIN = fileURLToPath(new URL('../../js/cli/bin.js', import.meta.url))

/** The entrypoint that most of these tests use. It is not copied, because its packages are found from its place. */
export const TOOLS = fileURLToPath(new URL('../fixtures/cli/tools.ts', import.meta.url))

/** What lets the command run on a system that can enforce nothing. */
const MODE = SANDBOX === 'off' ? { TOOLWARDEN_SANDBOX: 'off' } : {}

/** The variables of the command: only the given ones, and none that would configure it or colour its output. */
export function environment(given) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TOOLWARDEN_|NO_COLOR$|FORCE_COLOR$|NODE_TEST)/.test(name))
  return { ...Object.fromEntries(inherited), TERM: 'xterm', ...MODE, ...given }
}

/**
 * Starts `toolwarden ...` in a process of its own, with the runtime that runs this test.
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string>, input?: string, program?: string }} options
 */
export function startCli(args, { cwd, env = {}, input, program = process.execPath }) {
  const child = spawn(program, [BIN, ...args], { cwd, env: environment(env), stdio: 'pipe' })
  const out = []
  const err = logCollector()
  const errText = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errText.push(text)
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) err.add({ stream: 'stderr', text: line })
  })
  child.stdin.on('error', () => {})
  if (input !== undefined) child.stdin.end(input)
  const closed = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout: out.join(''), stderr: errText.join('') }))
  })
  return { child, err, ended: () => bounded(closed, `toolwarden ${args.join(' ')} to end`) }
}

/** Runs `toolwarden ...` to its end; its standard input is empty unless given. */
export const cli = (args, options) => startCli(args, { input: '', ...options }).ended()
