/** What is tried on each of the other machines. */

/**
 * Files of `__test__` that are about the machine: the sandbox, processes, signals, pipes and memory. They need no compiler.
 * access-net is not one of them: on musl no name can be listed, and it expects hints with names (docs/machines.md). Listed addresses
 * are tried by calls.mjs.
 */
export const TESTS = [
  'access-enforcement', 'access-read', 'access-run', 'access-write', 'abort', 'concurrency', 'env', 'happy', 'host-liveness', 'isolation',
  'kill-everything', 'logs', 'memory-limit', 'node-runtime', 'output', 'process-limit', 'progress', 'readable', 'retry', 'runtime', 'temporary-directory',
  'timeout', 'workerfile',
]

/** For a machine whose processor is emulated and for which each second is a minute. */
export const FEWER_TESTS = ['access-enforcement', 'access-read', 'access-run', 'happy', 'isolation', 'kill-everything', 'memory-limit', 'timeout']

/** Packages that these tests import, or whose folders they look for. */
export const PACKAGES = ['commander', 'zod', 'bun', '@opentelemetry/api', 'valibot', '@valibot/to-json-schema', 'arktype', '@ark', 'arkregex', '@standard-schema']
