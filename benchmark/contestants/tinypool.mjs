/**
 * A contestant: tinypool over one Node child process, with one task in it at a time (its default) or with as many as
 * there are callers.
 */

function contestant(name, entrypoint, concurrentTasksPerWorker) {
  let pool
  return {
    name,
    async setup() {
      const { Tinypool } = await import('tinypool')
      pool = new Tinypool({
        filename: entrypoint,
        runtime: 'child_process',
        minThreads: 1,
        maxThreads: 1,
        concurrentTasksPerWorker,
      })
    },
    call: (input) => pool.run(input, { name: 'add' }),
    async teardown() {
      await pool?.destroy()
    },
  }
}

export const tinypool = ({ entrypoint }) => contestant('tinypool, child_process', entrypoint, 1)

export const tinypoolConcurrent = ({ entrypoint, inFlight }) =>
  contestant(`tinypool, child_process, ${inFlight} tasks in it`, entrypoint, inFlight)
