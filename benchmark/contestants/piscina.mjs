/**
 * A contestant: piscina with one thread, the thread pool that most Node programs would use. By default piscina gives a
 * thread one task at a time; `piscinaConcurrent` gives the thread as many tasks as there are callers.
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
