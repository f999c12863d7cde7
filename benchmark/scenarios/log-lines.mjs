/**
 * Scenario: lines printed by a tool and delivered to onLog, compared to the 'data' events of a child process that
 * prints the same.
 */

import { dataEvents, dataLines } from '../contestants/data-events.mjs'
import { logLines as lines, logLinesOfCalls, logPieces } from '../contestants/toolwarden.mjs'
import { cpuMicroseconds } from '../meters/proc.mjs'
import { interleave } from '../rounds.mjs'

const LINES = 100_000

async function printed(contestant) {
  const cpuBefore = cpuMicroseconds()
  const from = performance.now()
  await contestant.print(LINES)
  const seconds = (performance.now() - from) / 1000
  return { linesPerSecond: LINES / seconds, cpuUsPerLine: (cpuMicroseconds() - cpuBefore) / LINES }
}

export const logLines = {
  name: 'log-lines',
  title: `${LINES.toLocaleString('en-US')} lines printed by one tool`,
  entrypoints: ['prints'],
  run: ({ entrypoint, profile }) =>
    interleave(
      [dataEvents, lines, logLinesOfCalls, dataLines, logPieces].map((make) => make({ entrypoint })),
      { ...profile, discard: 1 },
      printed,
    ),
}
