/**
 * Piscina with one thread: the thread pool most Node programs would take. By default a thread is given one task at a
 * time; `piscinaConcurrent` is the same with as many tasks in the thread as there are callers.
 */

function contestant(name, entrypoint, concurrentTasksPerWorker) {
  let pool
  return {
    name,
    async setup() {
      const { Piscina } = await import('piscina')
      pool = new Piscina({
        filename: entrypoint,
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

export const piscina = ({ entrypoint }) => contestant('piscina, one thread', entrypoint, 1)

export const piscinaConcurrent = ({ entrypoint, inFlight }) =>
  contestant(`piscina, one thread, ${inFlight} tasks in it`, entrypoint, inFlight)
