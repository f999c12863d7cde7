/** The MCP server itself, on either line of the SDK. It uses low-level handlers, because the tools' schemas are JSON Schema already. */

import { nearest } from '../../nearest.js'
import { packageVersion } from '../../package-version.js'
import { printable, printableLines } from '../../printable.js'
import { failureText } from '../failure-text.js'
import { objectInput } from '../object-input.js'
import { printableSchema } from '../printable-schema.js'
import { selectTools } from '../select-tools.js'
import { annotationsFrom } from './annotations.js'
import { BoundedTransport } from './bounded-transport.js'
import { Budget, logNotification, NotificationQueue, progressNotifier } from './notifications.js'
import { failedResult, toolResult } from './result.js'

/** Failures that are the request's fault, for which the protocol has an error code. */
const BAD_REQUEST = new Set(['ERR_TOOL_NOT_FOUND', 'ERR_TOOL_ID_INVALID', 'ERR_INPUT_INVALID'])

/** Structured content must be an object, so only an object schema can be announced. @param {any} schema */
const isObjectSchema = (schema) => typeof schema === 'object' && schema !== null && schema.type === 'object'

/** @param {import('./sdk.d.ts').Sdk} sdk @param {string} id @param {readonly { id: string }[]} tools */
function unknownTool(sdk, id, tools) {
  const meant = nearest(
    id,
    tools.map((tool) => tool.id),
  )
  const hint = meant === undefined ? '' : `; did you mean "${printable(meant)}"?`
  return sdk.invalidParams(`unknown tool "${printable(id)}"${hint}`)
}

/**
 * @param {import('./sdk.d.ts').Sdk} sdk
 * @param {import('../mcp.d.ts').McpManager} manager
 * @param {import('../mcp.d.ts').McpOptions} [options]
 * @param {Budget} [budget] what its notifications that wait may take, with those of other servers
 * @returns {any}
 */
export function makeServer(sdk, manager, options = {}, budget = new Budget()) {
  const { name = 'toolwarden', version = packageVersion(), instructions, tools: wanted, config, env } = options
  const server = new sdk.Server(
    { name, version },
    { capabilities: { tools: manager.onToolsChanged === undefined ? {} : { listChanged: true }, logging: {} }, ...(instructions === undefined ? {} : { instructions }) },
  )
  const connect = server.connect.bind(server)
  /** @param {any} given */
  server.connect = (given) => {
    const transport = given instanceof BoundedTransport ? given : new BoundedTransport(given)
    const forget = manager.onToolsChanged?.(() => {
      // A client that is gone does not have to know.
      server.sendToolListChanged().catch(() => {})
    })
    // Set before connect(), which calls what it finds here before its own work.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- no event target: the SDK's callback
    if (forget !== undefined) transport.onclose = forget
    return connect(/** @type {any} */ (transport))
  }

  /**
   * The level that each session asked for; before that, nothing is filtered.
   * @type {Map<string | undefined, string>}
   */
  const levels = new Map()

  sdk.handle(server, 'logging/setLevel', async (params, { sessionId }) => {
    levels.set(sessionId, params.level)
    return {}
  })

  sdk.handle(server, 'tools/list', async () => {
    const tools = await selectTools(manager, wanted)
    // A name with control characters is no id that a call could have.
    const named = tools.filter(({ id }) => printable(id) === id)
    return {
      tools: named.map(({ id, description, inputSchema, outputSchema, permissions }) => {
        const annotations = annotationsFrom(manager.enforcement, permissions)
        return {
          name: id,
          ...(description === null ? {} : { description: printableLines(description) }),
          inputSchema: printableSchema(objectInput(inputSchema).schema),
          ...(isObjectSchema(outputSchema) ? { outputSchema: printableSchema(outputSchema) } : {}),
          ...(annotations === undefined ? {} : { annotations }),
        }
      }),
    }
  })

  sdk.handle(server, 'tools/call', async (params, { sessionId, signal, notify }) => {
    const tools = await selectTools(manager, wanted)
    const tool = tools.find(({ id }) => id === params.name)
    if (tool === undefined) throw unknownTool(sdk, params.name, tools)

    const queue = new NotificationQueue(notify, budget)
    const { _meta: meta } = params
    const token = meta?.progressToken
    const progress = token === undefined ? undefined : progressNotifier(token)
    try {
      const result = await manager.executeTool(tool.id, objectInput(tool.inputSchema).toInput(params.arguments ?? {}), {
        signal,
        config,
        env,
        /** @param {import('../../../index.d.ts').LogEntry} entry */
        onLog: (entry) => {
          const notification = logNotification(entry, levels.get(sessionId))
          if (notification !== undefined) queue.add(notification)
        },
        onProgress: progress && ((/** @type {unknown} */ value) => queue.add(progress(value))),
      })
      return toolResult(sdk, result, isObjectSchema(tool.outputSchema))
    } catch (error) {
      const { code, issues } = /** @type {any} */ (error)
      if (!BAD_REQUEST.has(code)) return failedResult(error)
      throw sdk.invalidParams(failureText(error), issues === undefined ? undefined : { issues })
    } finally {
      await queue.flushed()
    }
  })

  return server
}
