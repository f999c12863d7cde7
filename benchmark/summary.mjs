/** Writes the few figures that the README quotes. They are those of the first host in results.json. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { COLD, DENO, PIPE, PISCINA, PREWARMED, REUSED, SPAWN, TINYPOOL, WRAPPER } from './names.mjs'
import { medians } from './stats.mjs'

const README = new URL('../README.md', import.meta.url)
const BEGIN = '<!-- figures by benchmark/report.mjs from benchmark/results.json: do not edit below -->'
const END = '<!-- end of the figures -->'

const time = (us) => (us >= 1000 ? `${(us / 1000).toFixed(us >= 10_000 ? 0 : 1)} ms` : `${us.toFixed(0)} us`)
const rate = (calls) => `${Math.round(calls / 1000)},000/s`

/** One row per figure: what was measured, the scenario, the field, its format, and the contestants. */
const ROWS = [
  ['The median time of a call in a process that serves one call after another.', 'reused-latency', 'p50Us', time, REUSED, [PIPE, PISCINA, TINYPOOL]],
  ['How many calls one such process finishes in a second while 64 calls are in flight.', 'reused-throughput', 'callsPerSecond', rate, REUSED, [PIPE, PISCINA, TINYPOOL]],
  ['The median time of a call in a process of its own that was started before the call came.', 'process-latency', 'p50Us', time, PREWARMED, [SPAWN, DENO, WRAPPER]],
  ['The median time of a call in a process of its own that is started when the call comes.', 'process-latency', 'p50Us', time, COLD, [SPAWN, DENO, WRAPPER]],
]

function summary({ hosts: [host], machine, date }) {
  const figure = (scenario, key, contestant, write) => {
    const measured = host.scenarios.find((one) => one.scenario === scenario && one.entrypoint === 'empty')
    const rounds = measured?.entries.find((entry) => entry.contestant === contestant)?.rounds
    return rounds === undefined ? 'not run' : write(medians(rounds)[key])
  }
  const rows = ROWS.map(([what, scenario, key, write, ours, others]) => {
    const theirs = others.map((name) => `${name}: ${figure(scenario, key, name, write)}`)
    return `| ${what} | **${figure(scenario, key, ours, write)}** | ${theirs.join('; ')} |`
  })
  return [
    BEGIN,
    ['| What was measured | toolwarden with its sandbox | Other ways to run the same tool |', '|---|---|---|', ...rows].join('\n'),
    `The host was Node ${host.version} on a machine with ${machine.cores} cores, on ${date}. The entrypoint imports nothing. ${DENO} and ${WRAPPER} enforce permissions of their own, the other ways none. All were measured in turns in one run, and each figure is the median of its rounds.`,
    END,
  ].join('\n\n')
}

/** Writes the figures between the marks in the README. @param {object} results */
export function writeSummary(results) {
  if (!existsSync(README)) return
  const old = readFileSync(README, 'utf8')
  const [from, to] = [old.indexOf(BEGIN), old.indexOf(END)]
  if (from !== -1 && to !== -1) writeFileSync(README, `${old.slice(0, from)}${summary(results)}${old.slice(to + END.length)}`)
}
