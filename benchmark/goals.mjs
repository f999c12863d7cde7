/** The goals, each a ratio within one run or a limit in milliseconds, and whether a run met them. */

import {
  COLD, COLD_CACHED, COLD_OFF, DATA_EVENTS, FORKED, FORKED_COLD, FORKED_PREWARMED, LOG_LINES, LOG_LINES_OF_CALLS, PIPE, PISCINA, PREWARMED, REUSED, SPAWN, SUSTAINED, SUSTAINED_CACHED,
  WARMED_UP,
} from './names.mjs'
import { median, medians, ratios } from './stats.mjs'

/**
 * Above this rate of piscina the machine wakes idle cores quickly, and the rate says more about that than about
 * piscina.
 */
const FAST_PISCINA = 14_000

/** The rounds of all contestants in one scenario of one host. */
class Taken {
  constructor(host) {
    this.host = host
  }

  rounds(scenario, entrypoint, contestant) {
    return this.host.scenarios
      .find((one) => one.scenario === scenario && one.entrypoint === entrypoint)
      ?.entries.find((entry) => entry.contestant === contestant)?.rounds
  }

  /** @returns {number[] | null} `a` divided by `b` in each round; null if one of the two did not run */
  ratios(scenario, entrypoint, a, b, key) {
    const [mine, theirs] = [this.rounds(scenario, entrypoint, a), this.rounds(scenario, entrypoint, b)]
    return mine === undefined || theirs === undefined ? null : ratios(mine, theirs, key)
  }

  /**
   * Whether the kernel enforced the permissions of every toolwarden process that was measured, except where a scenario
   * switches the sandbox off.
   */
  get sandboxed() {
    const levels = this.host.scenarios
      .flatMap(({ entries }) => entries)
      .filter(({ contestant, enforcement }) => contestant !== COLD_OFF && enforcement !== undefined)
      .map(({ enforcement }) => enforcement)
    return levels.length > 0 && levels.every((level) => level === 'kernel')
  }

  figure(scenario, entrypoint, contestant, key) {
    const rounds = this.rounds(scenario, entrypoint, contestant)
    return rounds === undefined ? null : medians(rounds)[key]
  }
}

const atMost = (limit, unit = '') => ({ text: `<= ${limit}${unit}`, met: (value) => value <= limit, unit })
const atLeast = (limit, unit = '') => ({ text: `>= ${limit}${unit}`, met: (value) => value >= limit, unit })

const GOALS = [
  {
    what: 'reused worker, p50 latency',
    against: PIPE,
    goal: () => atMost(1),
    value: (taken) => taken.ratios('reused-latency', 'empty', REUSED, PIPE, 'p50Us'),
  },
  {
    what: 'reused worker, calls/s at 64',
    against: PIPE,
    goal: () => atLeast(1.2),
    value: (taken) => taken.ratios('reused-throughput', 'empty', REUSED, PIPE, 'callsPerSecond'),
  },
  {
    what: 'reused worker, calls/s at 64',
    against: PISCINA,
    goal: (taken) => {
      const rate = taken.figure('reused-throughput', 'empty', PISCINA, 'callsPerSecond')
      return atLeast(rate !== null && rate > FAST_PISCINA ? 8 : 15)
    },
    value: (taken) => taken.ratios('reused-throughput', 'empty', REUSED, PISCINA, 'callsPerSecond'),
  },
  {
    what: 'reused worker, CPU per call at 64',
    against: PIPE,
    goal: () => atMost(0.6),
    value: (taken) => taken.ratios('reused-throughput', 'empty', REUSED, PIPE, 'cpuUsPerCall'),
  },
  {
    what: 'warm worker, p50 latency',
    against: SPAWN,
    goal: () => atLeast(10, ' times faster'),
    value(taken) {
      const spawn = taken.figure('process-latency', 'empty', SPAWN, 'p50Us')
      const warm = taken.figure('reused-latency', 'empty', REUSED, 'p50Us')
      return spawn === null || warm === null ? null : spawn / warm
    },
  },
  {
    what: 'prewarmed process per call, p50, empty',
    against: SPAWN,
    goal: () => atLeast(25, ' times faster'),
    value: (taken) => taken.ratios('process-latency', 'empty', SPAWN, PREWARMED, 'p50Us'),
  },
  {
    what: 'prewarmed process per call, p50, zod',
    against: SPAWN,
    goal: () => atLeast(12, ' times faster'),
    value: (taken) => taken.ratios('process-latency', 'zod', SPAWN, PREWARMED, 'p50Us'),
  },
  {
    what: 'prewarmed process per call with a `warmup`, p50, zod',
    against: SPAWN,
    goal: () => atLeast(12, ' times faster'),
    value: (taken) => taken.ratios('process-latency', 'zod', SPAWN, WARMED_UP, 'p50Us'),
  },
  {
    what: 'cold process per call, p50, empty',
    against: SPAWN,
    goal: () => atMost(0.5),
    value: (taken) => taken.ratios('process-latency', 'empty', COLD, SPAWN, 'p50Us'),
  },
  {
    what: 'cold process per call, p50, zod',
    against: SPAWN,
    goal: () => atMost(0.35),
    value: (taken) => taken.ratios('process-latency', 'zod', COLD, SPAWN, 'p50Us'),
  },
  {
    what: 'cold process per call, entrypointCache, p50, zod',
    against: SPAWN,
    goal: () => atMost(0.35),
    value: (taken) => taken.ratios('process-latency', 'zod', COLD_CACHED, SPAWN, 'p50Us'),
  },
  ...['empty', 'zod', 'zod-ai'].map((entrypoint) => ({
    what: `sustained process per call at 8, ${entrypoint}`,
    against: SPAWN,
    goal: () => atLeast(2, ' times'),
    value: (taken) => taken.ratios('process-throughput', entrypoint, SUSTAINED, SPAWN, 'callsPerSecond'),
  })),
  ...['zod', 'zod-ai'].map((entrypoint) => ({
    what: `sustained process per call at 8, entrypointCache, ${entrypoint}`,
    against: SPAWN,
    goal: () => atLeast(2, ' times'),
    value: (taken) => taken.ratios('process-throughput', entrypoint, SUSTAINED_CACHED, SPAWN, 'callsPerSecond'),
  })),
  ...Object.entries({ empty: 3, zod: 5.5, 'zod-warmup': 9, 'zod-ai': 9, 'zod-ai-warmup': 14 }).map(([entrypoint, times]) => ({
    what: `forked process per call at 8, ${entrypoint}`,
    against: SPAWN,
    goal: () => atLeast(times, ' times'),
    value: (taken) => taken.ratios('forked-throughput', entrypoint, FORKED, SPAWN, 'callsPerSecond'),
  })),
  ...Object.entries({ empty: 0.25, 'zod-warmup': 0.12, 'zod-ai-warmup': 0.07 }).map(([entrypoint, part]) => ({
    what: `cold forked process per call, p50, ${entrypoint}`,
    against: SPAWN,
    goal: () => atMost(part),
    value: (taken) => taken.ratios('forked-latency', entrypoint, FORKED_COLD, SPAWN, 'p50Us'),
  })),
  ...['zod-warmup', 'zod-ai-warmup'].map((entrypoint) => ({
    what: `prewarmed forked process per call, p50, ${entrypoint}`,
    against: PREWARMED,
    goal: () => atMost(1.15),
    value: (taken) => taken.ratios('forked-latency', entrypoint, FORKED_PREWARMED, PREWARMED, 'p50Us'),
  })),
  {
    what: 'forked process, a tool that computes, p50',
    against: PREWARMED,
    goal: () => atMost(1.3),
    value: (taken) => taken.ratios('forked-work', 'works', FORKED_PREWARMED, PREWARMED, 'p50Us'),
  },
  ...['empty', 'zod', 'zod-warmup', 'zod-ai-warmup'].map((entrypoint) => ({
    what: `memory of a forked process that waits, ${entrypoint}`,
    against: PREWARMED,
    goal: () => atMost(0.5),
    value: (taken) => taken.ratios('forked-memory', entrypoint, FORKED_PREWARMED, PREWARMED, 'workerPssKib'),
  })),
  ...[
    ['reused worker', LOG_LINES],
    ['process per call', LOG_LINES_OF_CALLS],
  ].map(([what, contestant]) => ({
    what: `console.log to onLog, lines/s, ${what}`,
    against: DATA_EVENTS,
    goal: () => atLeast(1, ' times'),
    value: (taken) => taken.ratios('log-lines', 'prints', contestant, DATA_EVENTS, 'linesPerSecond'),
  })),
  {
    what: "the full sandbox's part of a spawn",
    against: 'the same spawn without',
    goal: () => atMost(0.8, ' ms'),
    value(taken) {
      const on = taken.figure('sandbox-cost', 'empty', COLD, 'p50Us')
      const off = taken.figure('sandbox-cost', 'empty', COLD_OFF, 'p50Us')
      // Without enforcement both sides start the process in the same way, and their difference is not the cost of a
      // sandbox.
      return on === null || off === null || !taken.sandboxed ? null : (on - off) / 1000
    },
  },
  {
    what: 'event loop blocked per spawn, large host',
    against: '-',
    goal: () => atMost(1, ' ms'),
    value: (taken) => taken.figure('event-loop', 'empty', COLD, 'p50Ms'),
  },
]

/**
 * Goals are for runs with the sandbox on: figures of a run without it are shown and never count as met.
 * @param {object} host one host of results.json
 * @returns {Array<{ what: string, against: string, goal: string, value: number | null, range: [number, number] | null, unit: string, state: 'met' | 'met without sandbox' | 'missed' | 'not measured' }>}
 */
export function judge(host) {
  const taken = new Taken(host)
  return GOALS.map(({ what, against, goal, value }) => {
    const { text, met, unit } = goal(taken)
    const given = value(taken)
    const measured = Array.isArray(given) ? median(given) : given
    const range = Array.isArray(given) ? [Math.min(...given), Math.max(...given)] : null
    const reached = taken.sandboxed ? 'met' : 'met without sandbox'
    const state = measured === null ? 'not measured' : met(measured) ? reached : 'missed'
    return { what, against, goal: text, value: measured, range, unit, state }
  })
}

/** @param {object} host one host of results.json */
export const isSandboxed = (host) => new Taken(host).sandboxed
