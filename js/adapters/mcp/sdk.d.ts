/** What the adapter needs of the SDK, in which its two lines differ. */

export interface Context {
  sessionId: string | undefined
  signal: AbortSignal
  notify: (notification: any) => Promise<void>
}

export interface Sdk {
  Server: new (info: { name: string; version: string }, options: any) => any
  HttpTransport: new (options: { sessionIdGenerator: () => string; onsessioninitialized: (id: string) => void }) => any
  handle(server: any, method: 'logging/setLevel' | 'tools/list' | 'tools/call', handler: (params: any, context: Context) => Promise<any>): void
  /** Whether a value is the result of a call as the protocol has it. */
  isToolResult(value: unknown): boolean
  /** The protocol's error for a request that is wrong. */
  invalidParams(message: string, data?: unknown): Error
}
