import os from 'node:os'
import process from 'node:process'
import { ExitCode } from '../exit-codes.js'
import { examine } from '../doctor/examine.js'
import { userName } from '../doctor/user-name.js'
import { doNotRelyOn, INSTALL_BUN, NOTHING_ENFORCED } from '../hints.js'
import { WITHOUT_ADDON } from '../../hints.js'

/** What limits the memory of a process, by `Enforcement.memory`. @type {Record<string, string>} */
const MEMORY_CONTROLS = {
  cgroup: 'a cgroup v2 for each process, and a watchdog over the process group',
  watchdog: 'watchdog over the process group',
}

/** What to do about what does not hold; null where all does. @param {Awaited<ReturnType<typeof examine>>} found */
function advice({ addon, kernel, runtimes, enforcement, verdicts }) {
  if (addon !== null) return WITHOUT_ADDON
  if (kernel?.problem) return kernel.problem.hint ?? kernel.problem.message
  const missing = runtimes.every(({ version }) => version === null)
  if (missing) return runtimes[0]?.hint ?? INSTALL_BUN
  if (enforcement?.level !== 'kernel') return NOTHING_ENFORCED
  const loose = verdicts.filter(({ refused, allowed }) => !refused || !allowed).map(({ kind }) => kind)
  return loose.length === 0 ? null : doNotRelyOn(loose)
}

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addDoctor(program, context) {
  program
    .command('doctor')
    .description('try what this machine can enforce, with real tools in a real sandbox')
    .option('--json', 'the findings as JSON')
    .action(async (options) => {
      const { terminal, interrupts } = context
      const found = await examine(interrupts.signal, context.cwd)
      const problem = advice(found)
      // One runtime suffices, but a manager uses Bun unless it is configured otherwise.
      const hint = problem ?? found.runtimes.find(({ version }) => version === null)?.hint ?? null
      const report = {
        ok: problem === null,
        addon: found.addon,
        kernel: `${os.type()} ${os.release()} ${process.arch}`,
        landlockAbi: found.enforcement?.landlockAbi ?? null,
        kernelLandlockAbi: found.kernel?.landlockAbi ?? null,
        seccomp: found.kernel?.seccomp ?? null,
        supervisor: found.kernel?.listener ?? null,
        heldBy: found.enforcement?.heldBy ?? null,
        enforcement: found.enforcement?.level ?? null,
        problem: found.kernel?.problem?.message ?? null,
        user: userName(),
        memoryControl: MEMORY_CONTROLS[found.enforcement?.memory ?? 'none'] ?? null,
        /** `processStart: "auto"` can fork processes; otherwise why it cannot. */
        forks: { possible: found.enforcement !== null && found.noForks === null, reason: found.noForks },
        runtimes: found.runtimes,
        permissions: found.verdicts,
        readable: found.enforcement?.readable ?? [],
        warning: found.warning,
        hint,
      }
      context.exitCode = report.ok ? ExitCode.DONE : ExitCode.FAILED
      if (options.json) terminal.print(JSON.stringify(report, null, terminal.interactive ? 2 : 0))
      else print(report, terminal)
    })
}

/** The width of the first column. */
const wide = 16

/** @param {any} report @param {import('../terminal.js').Terminal} terminal */
function print(report, terminal) {
  /** @param {string} name @param {string} value */
  const line = (name, value) => terminal.print(`${terminal.outStyle(name.padEnd(wide), 'bold')}${value}`)
  const yes = terminal.outStyle('yes', 'green')
  const no = terminal.outStyle('no', 'red')
  line('kernel', report.kernel)
  line('user', report.user)
  if (report.addon !== null) line('addon', `${no}  ${report.addon}`)
  const ran = report.enforcement !== null
  line('Landlock', landlock(report, no))
  line('seccomp', report.seccomp === null ? 'nothing ran' : report.seccomp ? yes : no)
  line('enforced by', report.enforcement ?? (report.problem === null ? 'nothing ran' : `nothing: ${report.problem}`))
  if (report.heldBy) line('held by', `TCP: ${report.heldBy.tcp}, signals: ${report.heldBy.signals}, truncation: ${report.heldBy.truncate}`)
  line('memory', report.memoryControl ?? 'nothing ran')
  line('forks', ran ? (report.forks.possible ? yes : `${no}  ${report.forks.reason}`) : 'nothing ran')
  for (const { type, version, path, problem } of report.runtimes) {
    line(type === 'bun' ? 'Bun' : 'Node', version === null ? `${no}  ${problem}` : `${version}  ${path}`)
  }
  if (ran) printPermissions(report, terminal)
  if (report.warning !== null) terminal.note(`${terminal.errStyle('warning:', 'yellow')} ${report.warning}`)
  if (report.hint !== null) terminal.note(`${terminal.errStyle('hint:', 'cyan')} ${report.hint}`)
}

/** @param {any} report @param {string} no */
function landlock({ kernelLandlockAbi, landlockAbi }, no) {
  if (kernelLandlockAbi === null) return 'nothing ran'
  if (kernelLandlockAbi === 0) return no
  const more = landlockAbi !== null && kernelLandlockAbi > landlockAbi
  return more ? `ABI ${landlockAbi}, of ${kernelLandlockAbi} that the kernel has` : `ABI ${kernelLandlockAbi}`
}

/** @param {any} report @param {import('../terminal.js').Terminal} terminal */
function printPermissions(report, terminal) {
  const yes = terminal.outStyle('yes', 'green')
  const no = terminal.outStyle('no', 'red')
  terminal.print('')
  terminal.print(terminal.outStyle(`${'permission'.padEnd(wide)}refused without  works with`, 'bold'))
  for (const { kind, refused, allowed, problem } of report.permissions) {
    // Padded by hand, because the escape sequences of colours have no width.
    const cells = `${kind.padEnd(wide)}${refused ? yes : no}${' '.repeat(17 - (refused ? 3 : 2))}${allowed ? yes : no}`
    terminal.print(problem === null ? cells : `${cells}  ${problem}`)
  }
  if (report.readable.length > 0) {
    terminal.print('')
    terminal.print(terminal.outStyle('readable without a flag, besides the tools and what they import', 'bold'))
    for (const path of report.readable) terminal.print(path)
  }
}
