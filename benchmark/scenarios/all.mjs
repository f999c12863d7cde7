/** All scenarios, in the order in which they are run and reported. */

import { eventLoop } from './event-loop.mjs'
import { forkedLatency, forkedMemory, forkedThroughput, forkedWork } from './forked-processes.mjs'
import { independence } from './independence.mjs'
import { logLines } from './log-lines.mjs'
import { memory } from './memory.mjs'
import { processLatency } from './process-latency.mjs'
import { processThroughput } from './process-throughput.mjs'
import { reusedLatency } from './reused-latency.mjs'
import { reusedThroughput } from './reused-throughput.mjs'
import { sandboxCost } from './sandbox-cost.mjs'

export const SCENARIOS = [
  reusedLatency,
  reusedThroughput,
  processLatency,
  processThroughput,
  forkedLatency,
  forkedThroughput,
  forkedWork,
  forkedMemory,
  sandboxCost,
  eventLoop,
  independence,
  logLines,
  memory,
]
