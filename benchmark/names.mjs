/** The names of the contestants in results.json. */

export const PIPE = 'plain pipe to Bun'
export const REUSED = 'toolwarden, reused worker'
export const PISCINA = 'piscina, one thread'
export const SPAWN = 'child_process.spawn(bun)'
export const PREWARMED = 'toolwarden, prewarmed process per call'
export const WARMED_UP = 'toolwarden, prewarmed, with a warmup'
export const COLD = 'toolwarden, cold process per call'
export const COLD_OFF = 'toolwarden, cold, sandbox off'
export const COLD_CACHED = 'toolwarden, cold, entrypointCache'
export const SUSTAINED = 'toolwarden, process per call'
export const SUSTAINED_CACHED = 'toolwarden, process per call, entrypointCache'
export const LOG_LINES = 'toolwarden onLog, console.log'
export const LOG_LINES_OF_CALLS = 'toolwarden onLog, console.log, process per call'
export const DATA_EVENTS = "child_process 'data', console.log"
export const TINYPOOL = 'tinypool, child_process'
export const DENO = 'Deno per call'
export const WRAPPER = '@anthropic-ai/sandbox-runtime'
