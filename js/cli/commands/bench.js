import { setTimeout as sleep } from 'node:timers/promises'
import { measure } from '../bench/measure.js'
import { jsonArgument } from '../json-argument.js'
import { PERMISSION_HELP } from '../permission-flags.js'
import { printTable } from '../table.js'
import { UsageError } from '../usage-error.js'
import { withManager } from '../with-manager.js'

/** @param {string} given */
function parseCount(given) {
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given)
  throw new UsageError(`--n takes a whole number from 1 to 9999999, got "${given}"`)
}

/**
 * How a call gets its process.
 * @type {Array<{ name: string, config: import('../../../index.d.ts').Config, sideBySide: number, waits: boolean }>}
 */
const MODES = [
  { name: 'cold', config: { isolation: 'call', minWorkers: 0 }, sideBySide: 8, waits: false },
  { name: 'prewarmed', config: { isolation: 'call', minWorkers: 1 }, sideBySide: 8, waits: true },
  { name: 'reused', config: { isolation: 'worker', minWorkers: 1 }, sideBySide: 64, waits: true },
]
/** Asked for by an option, because it takes ten seconds and more until processes can be forked. @type {(typeof MODES)[number]} */
const FORKED = { name: 'forked', config: { isolation: 'call', minWorkers: 0, processStart: 'fork' }, sideBySide: 8, waits: false }

/** Milliseconds. @param {number} time */
const ms = (time) => time.toFixed(time < 10 ? 2 : 1)

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addBench(program, context) {
  program
    .command('bench')
    .description('time a tool in a cold, a prewarmed and a reused process')
    .argument('<entrypoint>', 'file that exports the tools')
    .argument('<tool>', 'id of the tool')
    .option('--input <json>', 'the input: JSON, @file, or - for standard input')
    .option('--n <count>', 'calls per kind of process', parseCount, 200)
    .option('--fork', 'also time processes that are forked for the call; the first one takes ten seconds and more')
    .addHelpText('after', PERMISSION_HELP)
    .action(async (entrypoint, tool, options) => {
      const { terminal, interrupts } = context
      const { signal } = interrupts
      const input = options.input === undefined ? undefined : await jsonArgument(options.input, '--input', context)
      const rows = []
      for (const { name, config, sideBySide, waits } of options.fork ? [...MODES, FORKED] : MODES) {
        terminal.note(terminal.errStyle(`${name}: ${options.n} calls one by one, ${options.n} at up to ${sideBySide}`, 'dim'))
        const found = await withManager(context, { entrypoint, overrides: config }, async (manager) => {
          if (waits || config.processStart === 'fork') await manager.ready()
          const idle = async () => {
            while (manager.stats().workers.idle === 0) await sleep(1, undefined, { signal })
          }
          return measure({
            n: options.n,
            sideBySide,
            signal,
            call: () => manager.executeTool(tool, input, { signal }),
            ...(waits ? { prepare: idle } : {}),
          })
        })
        rows.push([name, ms(found.p50), ms(found.p95), ms(found.p99), found.rate.toFixed(0)])
      }
      printTable(['process', 'p50 ms', 'p95 ms', 'p99 ms', 'calls/s'], rows, terminal, { right: true })
    })
}
