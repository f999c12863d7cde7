/** A contestant: child_process.spawn(bun) for every call, as a program without a library does it. */

import { spawn as start } from 'node:child_process'
import { bunPath } from './binaries.mjs'
import { ONE_CALL, resultOf } from './one-process.mjs'

export function spawn({ entrypoint }) {
  let bun
  return {
    name: 'child_process.spawn(bun)',
    async setup() {
      bun = bunPath()
    },
    call(input) {
      const child = start(bun, [ONE_CALL, entrypoint, 'add', JSON.stringify(input)], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      return resultOf(child)
    },
    async teardown() {},
  }
}
