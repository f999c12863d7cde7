import { spawn } from 'node:child_process'

import { BIN, environment } from './cli.mjs'
import { bounded } from './waiting.mjs'

/** A word of a shell command. @param {string} word */
const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`

/**
 * Starts `toolwarden ...` in a terminal of its own, made by `script` of util-linux.
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string>, redirections?: string }} options redirections in a shell's words
 */
export function startInTerminal(args, { cwd, env = {}, redirections = '' }) {
  const command = `exec ${[process.execPath, BIN, ...args].map(quoted).join(' ')} ${redirections}`
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd,
    env: environment({ SHELL: '/bin/sh', NO_COLOR: '1', ...env }),
    stdio: 'pipe',
  })
  let output = ''
  const waiting = new Set()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text.replaceAll('\r', '')
      for (const check of waiting) check()
    })
  }
  child.stdin.on('error', () => {})
  const closed = new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output }))
  })
  return {
    /** Resolves when the terminal has shown it so many times. @param {string} text */
    shows: (text, times = 1) =>
      bounded(
        new Promise((resolve) => {
          const check = () => {
            if (output.split(text).length <= times) return
            waiting.delete(check)
            resolve(undefined)
          }
          waiting.add(check)
          check()
        }),
        `the terminal to show ${text}`,
      ),
    /** What a person types, line ends and control characters included. @param {string} text */
    type: (text) => child.stdin.write(text),
    ended: () => bounded(closed, `toolwarden ${args.join(' ')} to end in a terminal`),
  }
}
