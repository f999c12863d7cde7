/** Which entry of `config.tools` holds for a tool. src/config/tools.rs decides the same for the core. */

/** @typedef {import('../index.d.ts').ToolSettings} ToolSettings */

/**
 * The key and the settings: those of the id, otherwise those of the longest beginning of it.
 * @param {Readonly<Record<string, ToolSettings>>} tools
 * @param {string} id
 * @returns {[string, ToolSettings] | undefined}
 */
export function entryOf(tools, id) {
  const entries = Object.entries(tools)
  const fitting = entries.filter(([key]) => key === id || (key.endsWith('*') && id.startsWith(key.slice(0, -1))))
  return fitting.toSorted(([one], [other]) => Number(other === id) - Number(one === id) || other.length - one.length)[0]
}

/**
 * Whether the tool has a list of flags of its own, which replaces the manager's.
 * @param {Readonly<Record<string, ToolSettings>>} tools
 * @param {string} id
 * @param {import('../index.d.ts').RuntimeType} runtime
 */
export function hasOwnList(tools, id, runtime) {
  const settings = entryOf(tools, id)?.[1]
  return (runtime === 'node' ? settings?.nodeOptions : settings?.bunPermissions) !== undefined
}
