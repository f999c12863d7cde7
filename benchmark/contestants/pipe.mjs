/**
 * A contestant: one reused Bun process behind a hand-written pipe, with JSON lines over stdin and stdout. Plain code
 * gets no faster than this.
 */

import { spawn as start } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bunPath } from './binaries.mjs'

const WORKER = fileURLToPath(new URL('../workers/pipe.mjs', import.meta.url))

export function pipe({ entrypoint }) {
  let child, ended
  let last = 0
  const waiting = new Map()

  function receive(lines) {
    for (const line of lines) {
      const { c, r } = JSON.parse(line)
      waiting.get(c)(r)
      waiting.delete(c)
    }
  }

  return {
    name: 'plain pipe to Bun',
    async setup() {
      child = start(bunPath(), [WORKER, entrypoint], { stdio: ['pipe', 'pipe', 'ignore'] })
      ended = new Promise((resolve) => {
        child.once('close', resolve)
      })
      let rest = ''
      child.stdout.setEncoding('utf8').on('data', (chunk) => {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop()
        receive(lines)
      })
    },
    call(input) {
      last += 1
      const c = last
      return new Promise((resolve) => {
        waiting.set(c, resolve)
        child.stdin.write(`${JSON.stringify({ c, t: 'add', i: input })}\n`)
      })
    },
    async teardown() {
      child?.stdin.end()
      await ended
    },
  }
}
