// Tools whose starts and side effects can be counted from outside: each appends a line to a file before its work and one after it.
import { appendFileSync } from 'node:fs'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export default {
  async job({ id, ms, dir }: { id: number; ms: number; dir: string }) {
    appendFileSync(`${dir}/starts`, `${id} ${process.pid}\n`)
    await pause(ms)
    appendFileSync(`${dir}/effects`, `${id}\n`)
    return { id }
  },
  empty: () => null,
  memory(megabytes: number) {
    const held = []
    for (let index = 0; index < megabytes; index++) held.push(Buffer.alloc(2 ** 20, 1))
    return held.length
  },
  loop(ms: number) {
    const end = performance.now() + ms
    while (performance.now() < end);
    return 'completed'
  },
}
