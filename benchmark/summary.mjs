/** Writes the few figures that the README quotes, taken from the first host of results.json. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { COLD, DENO, PIPE, PISCINA, PREWARMED, REUSED, SPAWN, TINYPOOL, WRAPPER } from './names.mjs'
import { medians } from './stats.mjs'

const README = new URL('../README.md', import.meta.url)
const BEGIN = '<!-- figures by benchmark/report.mjs from benchmark/results.json: do not edit below -->'
const END = '<!-- end of the figures -->'

const time = (us) => (us >= 1000 ? `${(us / 1000).toFixed(us >= 10_000 ? 0 : 1)} ms` : `${us.toFixed(0)} us`)
const rate = (calls) => `${Math.round(calls / 1000)},000/s`

/** One row per figure: its description, the scenario, the field and the contestant. */
const ROWS = [
  ['a call in a reused process, p50', 'reused-latency', 'p50Us', time, REUSED, [PIPE, PISCINA, TINYPOOL]],
  ['the same, 64 in flight', 'reused-throughput', 'callsPerSecond', rate, REUSED, [PIPE, PISCINA, TINYPOOL]],
  ['a call in a fresh process, started before, p50', 'process-latency', 'p50Us', time, PREWARMED, [SPAWN, DENO, WRAPPER]],
  ['a call in a fresh process, started for it, p50', 'process-latency', 'p50Us', time, COLD, [SPAWN, DENO, WRAPPER]],
]

function summary({ hosts: [host], machine, date }) {
  const figure = (scenario, key, contestant, write) => {
    const measured = host.scenarios.find((one) => one.scenario === scenario && one.entrypoint === 'empty')
    const rounds = measured?.entries.find((entry) => entry.contestant === contestant)?.rounds
    return rounds === undefined ? 'not run' : write(medians(rounds)[key])
  }
  const rows = ROWS.map(([what, scenario, key, write, ours, others]) => {
    const theirs = others.map((name) => `${name} ${figure(scenario, key, name, write)}`)
    return `| ${what} | **${figure(scenario, key, ours, write)}** | ${theirs.join(', ')} |`
  })
  return [
    BEGIN,
    ['| | toolwarden, sandboxed | without a sandbox, or with another |', '|---|---|---|', ...rows].join('\n'),
    `Host Node ${host.version}, ${machine.cores} cores, ${date}; an empty entrypoint, medians of one run side by side.`,
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
