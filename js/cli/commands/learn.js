import { printable, printableLines } from '../../printable.js'
import { learningIsAnnounced } from '../../learning.js'
import { ExitCode } from '../exit-codes.js'
import { A_BOUND, CHECK_FIRST } from '../hints.js'
import { readCalls } from '../learn/calls.js'
import { writeLessons } from '../learn/write.js'
import { logPrinter } from '../log-printer.js'
import { PERMISSION_HELP } from '../permission-flags.js'
import { TRUST_HELP } from '../settings/widening.js'
import { shellWord } from '../shell-word.js'
import { UsageError } from '../usage-error.js'
import { withManager } from '../with-manager.js'

/**
 * @typedef {import('../../../index.d.ts').Manager} Manager
 * @typedef {Record<string, import('../../../index.d.ts').LearnedTool>} Lessons
 * @typedef {{ input?: string, inputs?: string, timeout?: string, runtime?: string, within?: boolean, write?: boolean, check?: boolean, trust?: boolean, json?: boolean }} Options
 */

/** A call with one of these never began. */
const NOT_BEGUN = new Set(['ERR_TOOL_NOT_FOUND', 'ERR_TOOL_ID_INVALID', 'ERR_ENV_INVALID', 'ERR_ENTRYPOINT_LOAD', 'ERR_CONFIG_INVALID'])

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addLearn(program, context) {
  program
    .command('learn')
    .description('run tools for real and print the smallest flags that they need')
    .argument('<entrypoint>', 'file that exports the tools')
    .argument('[tool]', 'id of the tool; without it, --inputs names one in each line')
    .option('--input <json>', 'the input of one call: JSON, @file, or - for standard input')
    .option('--inputs <file>', 'the calls: a line of JSON for each, such as {"tool":"weather","input":{}}')
    .option('--within', 'the permission flags given bound what the tools may do, and this is enforced')
    .option('--write', 'add what was learnt to toolwarden.json beside the entrypoint')
    .option('--check', 'exit with 3 if a tool did what its flags do not allow')
    .option('--timeout <duration>', 'longest time a call may take, e.g. 30s')
    .option('--runtime <type>', 'bun or node')
    .option('--trust', TRUST_HELP)
    .option('--json', 'everything that was found, as JSON')
    .addHelpText('after', `\nWithout --within the tools may do everything while they are watched.\n${PERMISSION_HELP}`)
    .action((entrypoint, tool, options) => learn(entrypoint, tool, options, context))
}

/**
 * @param {string} entrypoint
 * @param {string | undefined} tool
 * @param {Options} options
 * @param {import('../context.d.ts').Context} context
 */
async function learn(entrypoint, tool, options, context) {
  const { terminal, interrupts, permissions } = context
  if (options.within && permissions.length === 0) throw new UsageError('--within has no flags', A_BOUND)
  if (options.check && options.write) throw new UsageError('--check and --write are both given', CHECK_FIRST)
  const calls = await readCalls(tool, options, context)
  terminal.note(
    terminal.errStyle(options.within ? `the tools run for real, within ${permissions.map(shellWord).join(' ')}` : 'the tools run for real, and nothing that they do is refused', 'yellow'),
  )
  learningIsAnnounced()
  const given = {
    entrypoint,
    options,
    withFile: true,
    overrides: { learn: options.within ? { within: permissions } : true, minWorkers: 0 },
    ...(options.within ? { permissions: [] } : {}),
  }
  const { lessons, runtime, failed } = await withManager(context, given, async (manager) => {
    let failures = 0
    for (const call of calls) {
      if (interrupts.exitCode !== undefined) break
      if (!(await callOf(manager, call, options.within === true, context))) failures++
    }
    return { lessons: manager.learnedInDetail(), runtime: manager.config.runtimeType, failed: failures }
  })
  if (options.json) terminal.print(printableLines(JSON.stringify(lessons, null, terminal.interactive ? 2 : 0)))
  else print(lessons, terminal)
  if (options.write && Object.keys(lessons).length > 0) writeLessons(entrypoint, lessons, runtime, context)
  const beyond = Object.entries(lessons).filter(([, found]) => found.beyond.length > 0)
  context.exitCode = failed > 0 ? ExitCode.FAILED : ExitCode.DONE
  if (!options.check || beyond.length === 0) return
  for (const [id, found] of beyond) {
    terminal.note(`${terminal.errStyle('denied:', 'red')} ${printable(`${id} did what its flags do not allow: ${found.beyond.map(shellWord).join(' ')}`)}`)
  }
  context.exitCode = ExitCode.DENIED
}

/**
 * What was done before a failure is learnt as well, so a failure ends nothing.
 * @param {Manager} manager
 * @param {import('../learn/calls.js').Call} call
 * @param {boolean} bounded
 * @param {import('../context.d.ts').Context} context
 * @returns {Promise<boolean>} whether it succeeded
 */
async function callOf(manager, { tool, input, config, env }, bounded, { terminal, interrupts }) {
  try {
    await manager.executeTool(tool, input, {
      ...(config === undefined ? {} : { config }),
      ...(env === undefined ? {} : { env }),
      signal: interrupts.signal,
      onLog: logPrinter(terminal),
    })
    return true
  } catch (error) {
    const { code, message } = /** @type {import('../../../index.d.ts').ToolwardenError} */ (error)
    if (NOT_BEGUN.has(code)) throw error
    const outside = bounded && code === 'ERR_ACCESS_DENIED' ? ' (outside of what --within allows)' : ''
    terminal.note(`${terminal.errStyle('failed:', 'red')} ${printableLines(message)}${outside}`)
    return false
  }
}

/** @param {Lessons} lessons @param {import('../terminal.js').Terminal} terminal */
function print(lessons, terminal) {
  const found = Object.entries(lessons)
  const width = Math.max(0, ...found.map(([id]) => id.length))
  for (const [id, { flags }] of found) terminal.print(printable(`${id.padEnd(width)}    ${flags.length === 0 ? 'no flags' : flags.map(shellWord).join(' ')}`))
  const note = (/** @type {string} */ id, /** @type {string} */ text) => terminal.note(`${terminal.errStyle('note:', 'yellow')} ${printable(`${id}: ${text}`)}`)
  for (const [id, { notices, leftOut, calls, failed }] of found) {
    for (const notice of notices) note(id, notice)
    if (leftOut.length > 0) note(id, `left out because programs do without: ${leftOut.map(shellWord).join(' ')}`)
    if (failed > 0) note(id, `${failed} of ${calls} calls failed: what it would have done afterwards is not known`)
  }
}
