/** A contestant: execa(bun) for every call. */

import { bunPath } from './binaries.mjs'
import { ONE_CALL } from './one-process.mjs'

export function execa({ entrypoint }) {
  let bun, start
  return {
    name: 'execa(bun)',
    async setup() {
      bun = bunPath()
      start = (await import('execa')).execa
    },
    async call(input) {
      const { stdout } = await start(bun, [ONE_CALL, entrypoint, 'add', JSON.stringify(input)], { stdin: 'ignore' })
      return JSON.parse(stdout)
    },
    async teardown() {},
  }
}
