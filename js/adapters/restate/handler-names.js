/**
 * Makes handler names from tool ids: Restate accepts only letters, digits and underscores, while ids may have dashes, dots and slashes.
 */

const VALID = /^(?:[a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$/

/** @param {string} id */
function nameOf(id) {
  const name = id.replaceAll('/', '__').replace(/[-.]/g, '_')
  return VALID.test(name) ? name : `tool_${name}`
}

/**
 * Maps handler names to tool ids.
 * @param {readonly string[]} ids @returns {Map<string, string>}
 */
export function handlerNames(ids) {
  /** @type {Map<string, string>} */
  const named = new Map()
  for (const id of ids) {
    const name = nameOf(id)
    const other = named.get(name)
    if (other !== undefined) throw new Error(`the tools "${other}" and "${id}" would both be the handler "${name}"`)
    named.set(name, id)
  }
  return named
}
