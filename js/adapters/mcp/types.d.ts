/** What both lines of the SDK have in common. */

import type { Enforcement, Json } from '../../../index.d.ts'
import type { ManagerLike } from '../manager-like.d.ts'

export type { ManagerLike }

export interface McpOptions {
  /** The server's name. Default "toolwarden". */
  name?: string
  /** Default: the version of this package. */
  version?: string
  /** Instructions that a client may show to its model. */
  instructions?: string
  /** Ids of the tools to offer. Default: all. */
  tools?: string[]
  /** Second argument of the tools. */
  config?: Json
  /** Variables of the calls. */
  env?: Record<string, string>
}

export interface HttpOptions extends McpOptions {
  /** Default 0: any free port. */
  port?: number
  /** Default "127.0.0.1". */
  host?: string
}

export interface McpHttpServer {
  /** The URL for clients, e.g. "http://127.0.0.1:3000/mcp". */
  readonly url: string
  /** Ends all sessions and connections. */
  close(): Promise<void>
}

/** Tool annotations are derived from `enforcement`, where the manager has it. */
export type McpManager = ManagerLike & {
  readonly enforcement?: Enforcement
  /**
   * For objects whose tools change while they are served: clients get `notifications/tools/list_changed` each time the
   * listener is called. Returns a function that removes the listener; it is called when the connection ends.
   */
  onToolsChanged?(listener: () => void): () => void
}
