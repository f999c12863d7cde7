import { once } from 'node:events'
import { A_PORT, ANY_FREE_PORT } from '../hints.js'
import { listen } from '../inspect/server.js'
import { InspectSession } from '../inspect/session.js'
import { PERMISSION_HELP } from '../permission-flags.js'
import { TRUST_HELP } from '../settings/widening.js'
import { UsageError } from '../usage-error.js'
import { withManager } from '../with-manager.js'

/** @param {string} given */
function parsePort(given) {
  const port = Number(given)
  if (!/^\d+$/.test(given) || port > 65_535) throw new UsageError(`--port takes a port, got "${given}"`, A_PORT)
  return port
}

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addInspect(program, context) {
  program
    .command('inspect')
    .description('a local page on which to run the tools, and to see what they do and what is denied to them')
    .argument('<entrypoint>', 'file that exports the tools')
    .option('--port <port>', 'on the loopback address; any free one unless given', parsePort, 0)
    .option('--timeout <duration>', 'longest time a call may take, e.g. 30s')
    .option('--runtime <type>', 'bun or node')
    .option('--trust', TRUST_HELP)
    .addHelpText('after', PERMISSION_HELP)
    .action((entrypoint, options) => inspect(entrypoint, options, context))
}

/**
 * @param {string} entrypoint
 * @param {{ port: number, timeout?: string, runtime?: string, trust?: boolean }} options
 * @param {import('../context.d.ts').Context} context
 */
async function inspect(entrypoint, options, context) {
  const { terminal, interrupts } = context
  const given = { entrypoint, options, withFile: true }
  await withManager(context, given, async (manager) => {
    const server = await listen((publish) => new InspectSession(context, given, manager, publish), options.port).catch((error) => {
      if (error.syscall !== 'listen') throw error
      throw new UsageError(`cannot listen on port ${options.port}: ${error.code}`, ANY_FREE_PORT)
    })
    // The address alone, so that a script can read it.
    terminal.print(server.url)
    terminal.note('open this address in a browser on this machine; whoever knows it can run the tools. Ctrl-C ends it')
    if (!interrupts.signal.aborted) await once(interrupts.signal, 'abort')
    await server.close()
  })
}
