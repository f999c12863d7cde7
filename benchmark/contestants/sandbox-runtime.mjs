/** A contestant: @anthropic-ai/sandbox-runtime around bun for every call (bubblewrap, no network, nothing writable). */

import { spawn as start } from 'node:child_process'
import { bunPath, onPath } from './binaries.mjs'
import { ONE_CALL, resultOf } from './one-process.mjs'

/** The programs that it needs on Linux; it installs none of them. */
const SYSTEM_PROGRAMS = ['bwrap', 'socat', 'rg']

const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`

export function sandboxRuntime({ entrypoint }) {
  let bun, manager
  return {
    name: '@anthropic-ai/sandbox-runtime',
    async setup() {
      const missing = SYSTEM_PROGRAMS.filter((program) => onPath(program) === null)
      if (missing.length > 0) throw new Error(`system programs not installed: ${missing.join(', ')}`)
      bun = bunPath()
      manager = (await import('@anthropic-ai/sandbox-runtime')).SandboxManager
      await manager.initialize({
        network: { allowedDomains: [], deniedDomains: [] },
        filesystem: { denyRead: [], allowWrite: [], denyWrite: [] },
      })
    },
    async call(input) {
      const command = [bun, ONE_CALL, entrypoint, 'add', JSON.stringify(input)].map(quote).join(' ')
      const wrapped = await manager.wrapWithSandbox(command)
      return resultOf(start(wrapped, { shell: true, stdio: ['ignore', 'pipe', 'ignore'] }))
    },
    async teardown() {
      await manager?.reset()
    },
  }
}
