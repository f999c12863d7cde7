/** The list of permissions that is in force for a tool: that of its entry in `tools`, or the manager's. */

import { allowing } from '../permission-flags.js'
import { keyOfList } from '../../tool-entry.js'

/** @param {import('../../../index.d.ts').ResolvedConfig} config @param {string} tool */
export function listOfTool(config, tool) {
  const { runtimeType, tools } = config
  const key = keyOfList(tools, tool, runtimeType)
  const listed = key === undefined ? config : tools[key]
  const list = (runtimeType === 'node' ? listed?.nodeOptions : listed?.bunPermissions) ?? []
  /** What a manager is opened with for the list and one more flag. @param {string} flag @returns {import('../../../index.d.ts').Config} */
  const allowingToo = (flag) => {
    const allowed = allowing(runtimeType, list, flag)
    return key === undefined ? allowed : { tools: { ...tools, [key]: { ...tools[key], ...allowed } } }
  }
  return { key, list, runtime: runtimeType, allowingToo }
}
