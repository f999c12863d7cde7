/** The types of mcp.js for programs that are CommonJS. mcp.d.ts says what each of these is. */

export type * from './mcp.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./mcp.js', { with: { 'resolution-mode': 'import' } })
export declare const createMcpServer: Module['createMcpServer']
export declare const listenHttp: Module['listenHttp']
