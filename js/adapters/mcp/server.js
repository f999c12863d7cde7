/** The MCP server itself. It uses low-level handlers, because the tools' schemas are JSON Schema already. */

import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  SetLevelRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { nearest } from '../../nearest.js'
import { packageVersion } from '../../package-version.js'
import { printable, printableLines } from '../../printable.js'
import { failureText } from '../failure-text.js'
import { objectInput } from '../object-input.js'
import { selectTools } from '../select-tools.js'
import { annotationsFrom } from './annotations.js'
import { BoundedTransport } from './bounded-transport.js'
import { Budget, logNotification, NotificationQueue, progressNotifier } from './notifications.js'
import { failedResult, toolResult } from './result.js'

/** Failures that are the request's fault, for which the protocol has an error code. */
const BAD_REQUEST = new Set(['ERR_TOOL_NOT_FOUND', 'ERR_TOOL_ID_INVALID', 'ERR_INPUT_INVALID'])

/** Structured content must be an object, so only an object schema can be announced. @param {any} schema */
const isObjectSchema = (schema) => typeof schema === 'object' && schema !== null && schema.type === 'object'

/** @param {string} id @param {readonly { id: string }[]} tools */
function unknownTool(id, tools) {
  const meant = nearest(
    id,
    tools.map((tool) => tool.id),
  )
  const hint = meant === undefined ? '' : `; did you mean "${printable(meant)}"?`
  return new McpError(ErrorCode.InvalidParams, `unknown tool "${printable(id)}"${hint}`)
}

/**
 * @param {import('../mcp.d.ts').McpManager} manager
 * @param {import('../mcp.d.ts').McpOptions} [options]
 * @param {Budget} [budget] what its notifications that wait may take, with those of other servers
 * @returns {any}
 */
export function createMcpServer(manager, options = {}, budget = new Budget()) {
  const { name = 'toolwarden', version = packageVersion(), instructions, tools: wanted, config, env } = options
  const server = new Server(
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

  server.setRequestHandler(SetLevelRequestSchema, async ({ params }, { sessionId }) => {
    levels.set(sessionId, params.level)
    return {}
  })

  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const tools = await selectTools(manager, wanted)
    return {
      tools: tools.map(({ id, description, inputSchema, outputSchema, permissions }) => {
        const annotations = annotationsFrom(manager.enforcement, permissions)
        return {
          name: id,
          ...(description === null ? {} : { description: printableLines(description) }),
          inputSchema: /** @type {any} */ (objectInput(inputSchema).schema),
          ...(isObjectSchema(outputSchema) ? { outputSchema: /** @type {any} */ (outputSchema) } : {}),
          ...(annotations === undefined ? {} : { annotations }),
        }
      }),
    }
  })

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tools = await selectTools(manager, wanted)
    const tool = tools.find(({ id }) => id === params.name)
    if (tool === undefined) throw unknownTool(params.name, tools)

    const queue = new NotificationQueue((notification) => extra.sendNotification(notification), budget)
    const { _meta: meta } = params
    const token = meta?.progressToken
    const progress = token === undefined ? undefined : progressNotifier(token)
    try {
      const result = await manager.executeTool(tool.id, objectInput(tool.inputSchema).toInput(params.arguments ?? {}), {
        signal: extra.signal,
        config,
        env,
        /** @param {import('../../../index.d.ts').LogEntry} entry */
        onLog: (entry) => {
          const notification = logNotification(entry, levels.get(extra.sessionId))
          if (notification !== undefined) queue.add(notification)
        },
        onProgress: progress && ((/** @type {unknown} */ value) => queue.add(progress(value))),
      })
      return toolResult(result, isObjectSchema(tool.outputSchema))
    } catch (error) {
      const { code, issues } = /** @type {any} */ (error)
      if (!BAD_REQUEST.has(code)) return failedResult(error)
      throw new McpError(ErrorCode.InvalidParams, failureText(error), issues === undefined ? undefined : { issues })
    } finally {
      await queue.flushed()
    }
  })

  return server
}
