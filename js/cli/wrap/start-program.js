/** Starts a program in the sandbox with this process's own standard streams. */

import { captureSite } from '../../call-site.js'
import { errorFrom } from '../../errors.js'
import { hostEnv } from '../../host.js'
import { loadNative } from '../../native.js'
import { encodeUserValue } from '../../user-value.js'

/** @typedef {import('../../native-interface.d.ts').NativeWrapEvent} NativeWrapEvent */

/**
 * @param {object} given
 * @param {string} given.cwd
 * @param {import('../../../index.d.ts').Config} given.config permissions, memory, time
 * @param {string[]} given.command
 * @param {(event: NativeWrapEvent) => void} given.tell called last with its end
 * @returns {{ signal: (number: number) => void }}
 */
export function startProgram({ cwd, config, command, tell }) {
  const options = {
    workingDir: cwd,
    config: encodeUserValue(config),
    command,
    timed: config.toolExecutionTimeout !== undefined,
    ...hostEnv(),
  }
  const started = loadNative().wrap(JSON.stringify(options), (event) => tell(JSON.parse(event)))
  if (typeof started === 'string') throw errorFrom(JSON.parse(started), captureSite(startProgram))
  return started
}
