import { constants } from 'node:os'
import { ExitCode } from '../exit-codes.js'
import { permissionConfig, PERMISSION_HELP } from '../permission-flags.js'
import { reportError } from '../report-error.js'
import { eventText } from '../wrap/event-text.js'
import { startProgram } from '../wrap/start-program.js'

/** As env, nohup and timeout do it, whose exit codes scripts know. */
const TIMED_OUT = 124
const NOT_STARTED = 126
const NOT_FOUND = 127
/** Added to the number of the signal that ended a program, as shells do it. */
const BY_SIGNAL = 128

/** Which flag sets a field. @type {Record<string, string>} */
const FLAG_OF = {
  bunPermissions: 'the permission flags',
  maxMemoryMb: '--max-memory',
  toolExecutionTimeout: '--timeout',
}

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addWrap(program, context) {
  program
    .command('wrap')
    .description('run any program in the sandbox, for example an MCP server')
    .usage('[options] -- <command...>')
    .argument('<command...>', 'the program and its arguments')
    .option('--timeout <duration>', 'longest time the program may take, e.g. 30s')
    .option('--max-memory <MiB>', 'memory of the program and all that it starts; 0 = no limit', '2048')
    .addHelpText('after', PERMISSION_HELP)
    .action((command, options) => wrap(command, options, context))
}

/**
 * Names the flag of each wrong field.
 * @param {any} error
 */
function withFlags(error) {
  for (const problem of Array.isArray(error?.problems) ? error.problems : []) {
    const flag = FLAG_OF[/^\w+/.exec(problem.field)?.[0] ?? '']
    if (flag !== undefined) problem.field = `${problem.field} (${flag})`
  }
  return error
}

/**
 * @param {string[]} command
 * @param {{ timeout?: string, maxMemory: string }} options
 * @param {import('../context.d.ts').Context} context
 */
async function wrap(command, options, context) {
  const { terminal, interrupts, permissions, cwd } = context
  const byDefault = permissions.length === 0
  let timedOut = false
  /** @type {import('../../native-interface.d.ts').NativeWrapEvent & { kind: 'ended' }} */
  const ended = await new Promise((resolve, reject) => {
    try {
      const started = startProgram({
        cwd,
        command,
        config: {
          ...permissionConfig(permissions, 'bun'),
          maxMemoryMb: /^\d+$/.test(options.maxMemory) ? Number(options.maxMemory) : /** @type {any} */ (options.maxMemory),
          ...(options.timeout === undefined ? {} : { toolExecutionTimeout: options.timeout }),
        },
        tell: (event) => {
          if (event.kind === 'ended') return resolve(event)
          if (event.kind === 'ending') timedOut = event.timedOut
          const text = eventText(event, byDefault)
          if (text !== undefined) terminal.note(`${terminal.errStyle('toolwarden:', 'yellow')} ${text}`)
        },
      })
      interrupts.passOn((name) => started.signal(Object.entries(constants.signals).find(([known]) => known === name)?.[1] ?? 0))
    } catch (error) {
      reject(withFlags(error))
    }
  }).catch((error) => {
    const code = { ERR_RUNTIME_NOT_FOUND: NOT_FOUND, ERR_WORKER_START: NOT_STARTED }[String(error.code)]
    if (code === undefined) throw error
    reportError(error, terminal)
    context.exitCode = code
  })
  if (ended === undefined) return
  if (timedOut) context.exitCode = TIMED_OUT
  else if (ended.signal !== null) context.exitCode = BY_SIGNAL + ended.signal
  else context.exitCode = ended.code ?? ExitCode.FAILED
}
