/** Does the same as the tools of ../tools.ts, as a processor for BullMQ's own sandbox. */

const { appendFileSync } = require('node:fs')

const tools = {
  empty: () => null,
  memory(megabytes) {
    const held = []
    for (let index = 0; index < megabytes; index++) held.push(Buffer.alloc(2 ** 20, 1))
    return held.length
  },
  loop(ms) {
    const end = performance.now() + ms
    while (performance.now() < end);
    return 'completed'
  },
  async job({ id, ms, dir }) {
    appendFileSync(`${dir}/starts`, `${id} ${process.pid}\n`)
    await new Promise((resolve) => setTimeout(resolve, ms))
    appendFileSync(`${dir}/effects`, `${id}\n`)
    return { id }
  },
}

module.exports = async (job) => tools[job.name](job.data)
