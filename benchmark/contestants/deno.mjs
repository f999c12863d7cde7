/**
 * A contestant: one Deno process for every call, with Deno's own permission checks. Of other runtimes with permissions
 * it is the closest.
 */

import { spawn as start } from 'node:child_process'
import process from 'node:process'
import { denoPath } from './binaries.mjs'
import { ONE_CALL, resultOf } from './one-process.mjs'

const FLAGS = ['run', '--quiet', '--no-prompt', '--cached-only', '--no-lock', '--allow-read', '--allow-env', '--allow-sys']

export function deno({ entrypoint }) {
  let binary
  return {
    name: 'Deno per call',
    async setup() {
      binary = denoPath()
    },
    call(input) {
      const child = start(binary, [...FLAGS, ONE_CALL, `file://${entrypoint}`, 'add', JSON.stringify(input)], {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' },
      })
      return resultOf(child)
    },
    async teardown() {},
  }
}
