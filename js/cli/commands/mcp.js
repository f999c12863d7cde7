import { once } from 'node:events'
import { statSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { BoundedTransport } from '../../adapters/mcp/bounded-transport.js'
import { ADDRESS_FOR_CLIENTS, AN_HTTP_PORT, ANY_FREE_HTTP_PORT, INSTALL_MCP } from '../hints.js'
import { printConfig } from '../mcp/print-config.js'
import { whileWatched } from '../mcp/watched.js'
import { PERMISSION_HELP } from '../permission-flags.js'
import { TRUST_HELP } from '../settings/widening.js'
import { UsageError } from '../usage-error.js'
import { withManager } from '../with-manager.js'

/** `3000`, `0.0.0.0:3000`, `[::1]:3000` @param {string} given */
export function parseAddress(given) {
  const { host, port } = /^(?:(?<host>\[[\da-fA-F:.]+\]|[^:[\]]+):)?(?<port>\d+)$/.exec(given)?.groups ?? {}
  const number = Number(port)
  if (port === undefined || number > 65_535) {
    throw new UsageError(`--http takes a port or host:port, got "${given}"`, AN_HTTP_PORT)
  }
  return { port: number, ...(host === undefined ? {} : { host: host.replace(/^\[|\]$/g, '') }) }
}

/** @param {string | undefined} given @param {string} cwd */
function directory(given, cwd) {
  if (given === undefined) return cwd
  const dir = path.resolve(cwd, given)
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return dir
  throw new UsageError(`--cwd: ${given} is not a directory`)
}

/** The two lines of the SDK, each with its transport for standard streams. @type {Array<() => Promise<any[]>>} */
const LINES = [
  () => Promise.all([import('../../adapters/mcp.js'), import('@modelcontextprotocol/sdk/server/stdio.js')]),
  () => Promise.all([import('../../adapters/mcp-v2.js'), import('@modelcontextprotocol/server/stdio')]),
]

/** The adapter and the transport need an optional package: the one that is installed, the 1.x line if both are. */
async function loadMcp() {
  for (const load of LINES) {
    try {
      const [adapter, stdio] = await load()
      return { ...adapter, ...stdio }
    } catch (error) {
      if (Object(error).code !== 'ERR_MODULE_NOT_FOUND') throw error
    }
  }
  throw new UsageError(
    'the package @modelcontextprotocol/sdk is not installed',
    INSTALL_MCP,
  )
}

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addMcp(program, context) {
  program
    .command('mcp')
    .description('serve the tools by the Model Context Protocol, on standard input and output or by HTTP')
    .argument('<entrypoint>', 'file that exports the tools')
    .option('--http <[host:]port>', 'streamable HTTP at /mcp; loopback unless a host is given', parseAddress)
    .option('--cwd <dir>', "the tools' current directory, and what relative paths here are relative to")
    .option('--print-config', 'print how MCP clients start this server, and end')
    .option('--watch', 'load the tools again when a source beside the entrypoint changes')
    .option('--timeout <duration>', 'longest time a call may take, e.g. 30s')
    .option('--runtime <type>', 'bun or node')
    .option('--trust', TRUST_HELP)
    .addHelpText('after', PERMISSION_HELP)
    .action((entrypoint, options) => serve(entrypoint, options, { ...context, cwd: directory(options.cwd, context.cwd) }))
}

/**
 * @param {string} entrypoint
 * @param {{ http?: { host?: string, port: number }, printConfig?: boolean, watch?: boolean, timeout?: string, runtime?: string, trust?: boolean }} options
 * @param {import('../context.d.ts').Context} context
 */
async function serve(entrypoint, options, context) {
  const { http } = options
  if (options.printConfig && http !== undefined) {
    throw new UsageError('--print-config is for servers that clients start', ADDRESS_FOR_CLIENTS)
  }
  const mcp = await loadMcp()
  /** @param {import('../../adapters/mcp.d.ts').McpManager} served */
  const serveTools = (served) => (http === undefined ? serveStdio(mcp, served, context) : serveHttp(mcp, served, http, context))
  const given = { entrypoint, options, withFile: true }
  await withManager(context, given, async (manager) => {
    // An entrypoint that cannot be loaded is reported now, not at the first call.
    await manager.listTools()
    if (options.printConfig) await printConfig(entrypoint, options, context)
    else await (options.watch ? whileWatched(context, given, manager, serveTools) : serveTools(manager))
  })
}

/** @param {AbortSignal} signal */
async function aborted(signal) {
  if (!signal.aborted) await once(signal, 'abort')
}

/**
 * Serves until the input ends and everything that was asked is answered, as for requests from a pipe. Calls are bounded by their timeouts.
 * @param {any} mcp @param {any} manager @param {import('../context.d.ts').Context} context
 */
async function serveStdio(mcp, manager, { stdin, interrupts }) {
  const server = mcp.createMcpServer(manager)
  const transport = new BoundedTransport(new mcp.StdioServerTransport())
  const gone = new Promise((resolve) => {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- no event target: the SDK's callback
    server.onclose = resolve
    const answer = () => void transport.answered().then(resolve)
    stdin.once('end', answer)
    stdin.once('close', answer)
    // A client that is gone reads no answer.
    for (const event of ['error', 'close']) process.stdout.once(event, resolve)
  })
  await server.connect(transport)
  await Promise.race([gone, aborted(interrupts.signal)])
  await server.close()
}

/** @param {any} mcp @param {any} manager @param {{ host?: string, port: number }} address @param {import('../context.d.ts').Context} context */
async function serveHttp(mcp, manager, address, { terminal, interrupts }) {
  const http = await mcp.listenHttp(manager, address).catch((/** @type {any} */ error) => {
    if (error.syscall === undefined) throw error
    const where = `${address.host ?? '127.0.0.1'}:${address.port}`
    throw new UsageError(`cannot listen on ${where}: ${error.code}`, error.code === 'EADDRINUSE' ? ANY_FREE_HTTP_PORT : undefined)
  })
  terminal.note(http.url)
  await aborted(interrupts.signal)
  await http.close()
}
