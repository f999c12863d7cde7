/** `--print-config`: prints the configuration with which clients start the server that this command line would start. */

import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { printableLines } from '../../printable.js'
import { findEntrypoint } from '../entrypoint.js'
import { configVariables } from '../settings/command-config.js'
import { clientConfigs, serverName } from './client-configs.js'

const BIN = fileURLToPath(new URL('../bin.js', import.meta.url))

/**
 * Everything is absolute, because clients start servers in any directory and with a PATH of their own. `--trust` is
 * left out: consent is for the file as it is now, not for what it will be when a client starts the server.
 * @param {string} entrypoint
 * @param {{ timeout?: string, runtime?: string, watch?: boolean }} options
 * @param {import('../context.d.ts').Context} context
 * @returns {Promise<import('./client-configs.js').ServerCommand>}
 */
async function serverCommand(entrypoint, { timeout, runtime, watch }, { cwd, env, permissions }) {
  const { configFromEnv } = await import('../../../index.js')
  const variables = configVariables(env, configFromEnv)
  return {
    command: process.execPath,
    args: [
      BIN,
      'mcp',
      findEntrypoint(entrypoint, cwd),
      '--cwd',
      cwd,
      ...(timeout === undefined ? [] : ['--timeout', timeout]),
      ...(runtime === undefined ? [] : ['--runtime', runtime]),
      ...(watch ? ['--watch'] : []),
      ...permissions,
    ],
    ...(Object.keys(variables).length === 0 ? {} : { env: variables }),
  }
}

/**
 * @param {string} entrypoint
 * @param {{ timeout?: string, runtime?: string, watch?: boolean }} options
 * @param {import('../context.d.ts').Context} context
 */
export async function printConfig(entrypoint, options, context) {
  const { terminal, cwd } = context
  const configs = clientConfigs(serverName(path.basename(cwd)), await serverCommand(entrypoint, options, context))
  for (const [index, { title, config }] of configs.entries()) {
    if (index > 0) terminal.print('')
    terminal.print(terminal.outStyle(title, 'bold'))
    // The JSON is unchanged: unprintable characters occur only in strings, and are escaped as JSON escapes them.
    terminal.print(printableLines(JSON.stringify(config, null, 2)))
  }
}
