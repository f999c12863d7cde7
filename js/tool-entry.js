/** Which entry of `config.tools` holds for a tool. src/config/tools.rs decides the same for the core. */

/** @typedef {import('../index.d.ts').ToolSettings} ToolSettings */

/**
 * The key and what is there: that of the id, otherwise that of the longest beginning of it.
 * @template T
 * @param {Readonly<Record<string, T>>} tools
 * @param {string} id
 * @returns {[string, T] | undefined}
 */
export function entryOf(tools, id) {
  const entries = Object.entries(tools)
  const fitting = entries.filter(([key]) => key === id || (key.endsWith('*') && id.startsWith(key.slice(0, -1))))
  return fitting.toSorted(([one], [other]) => Number(other === id) - Number(one === id) || other.length - one.length)[0]
}

/**
 * The key of `tools` whose list of flags replaces the manager's for this tool; undefined where the manager's holds.
 * @param {Readonly<Record<string, ToolSettings>>} tools
 * @param {string} id
 * @param {import('../index.d.ts').RuntimeType} runtime
 */
export function keyOfList(tools, id, runtime) {
  const [key, settings] = entryOf(tools, id) ?? []
  const list = runtime === 'node' ? settings?.nodeOptions : settings?.bunPermissions
  return list === undefined ? undefined : key
}
