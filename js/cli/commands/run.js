import { performance } from 'node:perf_hooks'
import { runAsking } from '../ask/run-asking.js'
import { printable, printableLines } from '../../printable.js'
import { ExitCode, exitCodeOf } from '../exit-codes.js'
import { writeVariable } from '../hints.js'
import { jsonArgument } from '../json-argument.js'
import { logPrinter } from '../log-printer.js'
import { PERMISSION_HELP } from '../permission-flags.js'
import { pretty } from '../pretty.js'
import { secretsBeside } from '../secrets-beside.js'
import { TRUST_HELP } from '../settings/widening.js'
import { UsageError } from '../usage-error.js'
import { withManager } from '../with-manager.js'

/** @param {string} pair @param {Record<string, string>} before */
function addVariable(pair, before = {}) {
  const equals = pair.indexOf('=')
  if (equals < 1) throw new UsageError(`--env takes NAME=value, got "${pair}"`, writeVariable(pair.replace(/=.*/, '') || 'NAME'))
  return { ...before, [pair.slice(0, equals)]: pair.slice(equals + 1) }
}

/** @param {number} ms */
export const elapsed = (ms) => (ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`)

/** A failure as JSON for scripts. @param {any} error */
function failure(error) {
  const { code, message, hint, fault, operation, attempts, timedOut, problems, issues, permission, resource, denials, exitCode, signal, cause, stderr } = error
  return {
    error: { code: code ?? null, message, hint, fault, operation, attempts, timedOut, problems, issues, permission, resource, denials, exitCode, signal, cause, stderr },
  }
}

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addRun(program, context) {
  program
    .command('run')
    .description('run one tool and print its result as JSON')
    .argument('<entrypoint>', 'file that exports the tools')
    .argument('<tool>', 'id of the tool')
    .option('--input <json>', 'the input: JSON, @file, or - for standard input')
    .option('--config <json>', "the tool's second argument: JSON or @file")
    .option('--env <name=value>', 'a variable of this call; can be given again', addVariable)
    .option('--timeout <duration>', 'longest time the tool may take, e.g. 30s')
    .option('--runtime <type>', 'bun or node')
    .option('--trust', TRUST_HELP)
    .option('--json', 'one line of JSON in any case: the result, or {"error": ...}; no status line')
    .addHelpText('after', PERMISSION_HELP)
    .action((entrypoint, tool, options) => run(entrypoint, tool, options, context))
}

/**
 * @param {string} entrypoint
 * @param {string} tool
 * @param {{ input?: string, config?: string, env?: Record<string, string>, timeout?: string, runtime?: string, trust?: boolean, json?: boolean }} options
 * @param {import('../context.d.ts').Context} context
 */
async function run(entrypoint, tool, options, context) {
  const { terminal, interrupts } = context
  let start = performance.now()
  /** @param {string} text */
  const status = (text) => {
    if (!options.json) terminal.note(terminal.errStyle(`${text} after ${elapsed(performance.now() - start)}`, 'dim'))
  }
  /** @param {import('../../../index.d.ts').Manager} manager */
  const warn = (manager) => {
    const warning = secretsBeside(manager.enforcement)
    if (warning !== null) terminal.note(`${terminal.errStyle('warning:', 'yellow')} ${warning}`)
  }
  try {
    const input = options.input === undefined ? undefined : await jsonArgument(options.input, '--input', context)
    const config = options.config === undefined ? undefined : await jsonArgument(options.config, '--config', context)
    const given = { entrypoint, options, withFile: true }
    let calls = 0
    /** @param {import('../../../index.d.ts').Manager} manager */
    const call = (manager) => {
      // The status line of a call that follows a question leaves out the time until the answer.
      if (calls++ > 0) start = performance.now()
      else if (!options.json) warn(manager)
      return manager.executeTool(tool, input, {
        ...(config === undefined ? {} : { config }),
        ...(options.env === undefined ? {} : { env: options.env }),
        signal: interrupts.signal,
        onLog: logPrinter(terminal),
        onProgress: (value) => terminal.note(terminal.errStyle(`progress: ${printable(JSON.stringify(value) ?? 'undefined')}`, 'cyan')),
      })
    }
    // Only somebody who sees the question can answer it, and only where input was not read from the same terminal.
    const asking = context.stdin.isTTY && terminal.errInteractive && !options.json && options.input !== '-'
    // The default of one worker is right here too: that worker runs the call.
    const result = await (asking ? runAsking(context, given, tool, call) : withManager(context, given, call))
    if (result !== undefined) {
      // The JSON is unchanged: unprintable characters occur only in strings, and are escaped as JSON escapes them.
      terminal.print(printableLines((terminal.interactive && !options.json ? pretty(result) : JSON.stringify(result)) ?? 'null'))
    }
    status(result === undefined ? `${tool} returned nothing` : `${tool} done`)
    context.exitCode = ExitCode.DONE
  } catch (error) {
    if (interrupts.exitCode !== undefined) status(`${tool} interrupted`)
    if (!options.json || interrupts.exitCode !== undefined) {
      if (interrupts.exitCode === undefined && exitCodeOf(error) !== ExitCode.USAGE) status(`${tool} failed`)
      throw error
    }
    terminal.print(printableLines(JSON.stringify(failure(error))))
    context.exitCode = exitCodeOf(error)
  }
}
