/** A contestant: workerpool over one Node child process. */

import process from 'node:process'
import { fileURLToPath } from 'node:url'

const WORKER = fileURLToPath(new URL('../workers/workerpool.mjs', import.meta.url))

export function workerpool({ entrypoint }) {
  let pool
  return {
    name: 'workerpool, process',
    async setup() {
      const library = (await import('workerpool')).default
      pool = library.pool(WORKER, {
        workerType: 'process',
        minWorkers: 1,
        maxWorkers: 1,
        forkOpts: { env: { ...process.env, BENCHMARK_ENTRYPOINT: entrypoint } },
      })
    },
    call: (input) => pool.exec('add', [input]),
    async teardown() {
      await pool?.terminate()
    },
  }
}
