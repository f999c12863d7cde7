/**
 * Runs the command line and returns the exit code.
 * The decisions behind it: docs/decisions.md#command-line-and-mcp.
 */

import { CommanderError } from 'commander'
import { ExitCode, exitCodeOf } from './exit-codes.js'
import { Interrupts } from './interrupts.js'
import { keepOwnEnvironment } from './own-environment.js'
import { splitPermissionFlags } from './permission-flags.js'
import { createProgram } from './program.js'
import { reportError } from './report-error.js'
import { Terminal } from './terminal.js'
import { fromCommander } from './usage-error.js'

/** @param {NodeJS.Process} process */
export async function main(process) {
  const unfit = keepOwnEnvironment(process)
  const terminal = new Terminal(process.stdout, process.stderr, process.env)
  const interrupts = new Interrupts(process)
  const { rest, flags } = splitPermissionFlags(process.argv.slice(2))
  /** @type {import('./context.d.ts').Context} */
  const context = {
    terminal,
    interrupts,
    permissions: flags,
    env: process.env,
    cwd: process.cwd(),
    // Runtimes change the stream when it is touched; a wrapped program gets it as it is.
    get stdin() {
      return process.stdin
    },
    exitCode: ExitCode.DONE,
  }
  const program = createProgram(context)
  let code
  try {
    if (unfit !== undefined) throw unfit
    await program.parseAsync(rest, { from: 'user' })
    code = context.exitCode
  } catch (error) {
    code = await failed(error, context, program)
  }
  await terminal.flush()
  // Exits at once, because a terminal that is being read or a kept-alive connection must not delay the end.
  process.exit(interrupts.exitCode ?? code)
}

/** @param {unknown} error @param {import('./context.d.ts').Context} context @param {import('commander').Command} program */
async function failed(error, context, program) {
  // Help and version also end with an exception.
  if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.DONE
  if (error instanceof CommanderError && error.code === 'commander.help') return ExitCode.USAGE
  const shown = error instanceof CommanderError ? fromCommander(error, program, context.permissions) : error
  if (context.interrupts.exitCode === undefined) reportError(shown, context.terminal)
  return exitCodeOf(shown)
}
