import { nearest } from '../nearest.js'

/** @typedef {import('./manager-like.d.ts').ManagerLike} ManagerLike */
/** @typedef {import('../../index.d.ts').ToolInfo} ToolInfo */

/**
 * The manager's tools, or the requested ones among them.
 * @param {ManagerLike} manager
 * @param {readonly string[] | undefined} wanted
 * @returns {Promise<ToolInfo[]>}
 */
export async function selectTools(manager, wanted) {
  const tools = await manager.listTools()
  if (wanted === undefined) return tools
  return [...new Set(wanted)].map((id) => {
    const tool = tools.find((candidate) => candidate.id === id)
    if (tool !== undefined) return tool
    const ids = tools.map((candidate) => candidate.id)
    const meant = nearest(String(id), ids)
    throw new TypeError(
      `tools: there is no tool "${id}"; ` +
        (meant === undefined ? `available: ${ids.join(', ') || 'none'}` : `did you mean "${meant}"?`),
    )
  })
}
