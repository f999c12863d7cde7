/** A table of the effects of each flood on its neighbours, and the goals for them. */

/** The p95 of a neighbour manager during a flood may be at most this many times its p95 without one. */
export const MOST_SLOWDOWN = 5
/** The delay of the host's event loop may be at most this many milliseconds. */
export const MOST_DELAY_MS = 100
/** The row that shows the effect of using the CPU alone on this machine; no goal applies to it. */
export const CONTROL = 'spin'

/** @param {{ p95Ms: number }} quiet @param {{ p95Ms: number }} flooded */
const slowdown = (quiet, flooded) => (flooded.p95Ms ?? Infinity) / quiet.p95Ms

/** @param {any} taken one measurement, as host.mjs writes it @returns {string[]} the goals that were missed */
export function missed({ quiet, flooded, notRun, flood }) {
  if (notRun !== undefined) return [notRun]
  if (flood === CONTROL) return []
  const late = (name, what) => {
    const times = slowdown(quiet[name], flooded[name])
    const failed = flooded[name].failed
    return [
      ...(times <= MOST_SLOWDOWN ? [] : [`${what}: p95 ${times.toFixed(1)} times the quiet one`]),
      ...(failed === 0 ? [] : [`${what}: ${failed} calls failed`]),
    ]
  }
  return [
    ...late('reused', 'reused worker'),
    ...late('perCall', 'process per call'),
    ...(quiet.newManager === undefined ? [] : late('newManager', 'a manager that opens, calls and closes')),
    ...(flooded.eventLoop.maxMs < MOST_DELAY_MS ? [] : [`event loop late by ${Math.round(flooded.eventLoop.maxMs)} ms`]),
  ]
}

const ms = (value) => (value === null || value === Infinity ? 'never' : value.toFixed(value < 100 ? 1 : 0))
const compared = (quiet, flooded) => `${ms(quiet.p95Ms)} -> ${ms(flooded.p95Ms)} (${slowdown(quiet, flooded).toFixed(1)}x)`

const HEADINGS = ['flood', 'other manager, reused worker: p95 ms', 'other manager, process per call: p95 ms', 'same manager: p95 ms', 'event loop: p99 / max ms', 'quiet', 'closed in ms', 'goals']

/** @param {any[]} taken @returns {string} a table in Markdown, its columns aligned */
export function table(taken) {
  const rows = taken.map((one) => {
    if (one.notRun !== undefined) return [one.flood, '', '', '', '', '', '', `NOT RUN: ${one.notRun}`]
    const { quiet, flooded, closeMs } = one
    const goals = one.flood === CONTROL ? 'control' : missed(one).join('; ') || 'met'
    const loop = ({ p99Ms, maxMs }) => `${ms(p99Ms)} / ${ms(maxMs)}`
    const columns = ['reused', 'perCall', 'sameManager'].map((name) => compared(quiet[name], flooded[name]))
    return [one.flood, ...columns, loop(flooded.eventLoop), loop(quiet.eventLoop), closeMs === null ? 'never' : ms(closeMs), goals]
  })
  const lines = [HEADINGS, ...rows]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const text = (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [text(HEADINGS), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(text)].join('\n')
}
