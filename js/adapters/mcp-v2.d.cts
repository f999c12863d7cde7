/** The types of mcp-v2.js for programs that are CommonJS. mcp-v2.d.ts says what each of these is. */

export type * from './mcp-v2.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./mcp-v2.js', { with: { 'resolution-mode': 'import' } })
export declare const createMcpServer: Module['createMcpServer']
export declare const listenHttp: Module['listenHttp']
