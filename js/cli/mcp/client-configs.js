/** Configurations with which MCP clients start a server. docs/mcp.md names where each client describes its format. */

/** @typedef {{ command: string, args: string[], env?: Record<string, string> }} ServerCommand */

/**
 * The file that a client reads, the field of it that holds the servers, and whether an entry of it names its transport.
 * @type {ReadonlyArray<{ client: string, file: string, field: string, typed: boolean }>}
 */
const CLIENTS = [
  { client: 'Claude Desktop', file: 'claude_desktop_config.json, which Settings > Developer > Edit Config opens', field: 'mcpServers', typed: false },
  { client: 'Claude Code', file: '.mcp.json in the project', field: 'mcpServers', typed: true },
  { client: 'VS Code', file: '.vscode/mcp.json in the project', field: 'servers', typed: true },
  { client: 'Cursor', file: '.cursor/mcp.json in the project, or ~/.cursor/mcp.json', field: 'mcpServers', typed: false },
]

/**
 * @param {string} name of the server
 * @param {ServerCommand} command
 * @returns {Array<{ title: string, config: Record<string, unknown> }>}
 */
export const clientConfigs = (name, command) =>
  CLIENTS.map(({ client, file, field, typed }) => ({
    title: `${client}: ${file}`,
    config: { [field]: { [name]: typed ? { type: 'stdio', ...command } : command } },
  }))

/** Makes a server name that every client accepts from the name of a directory. @param {string} directory */
export const serverName = (directory) => directory.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'tools'
