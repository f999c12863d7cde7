import { loadNative } from './native.js'

/**
 * The known name that was probably meant; undefined when none is close, or the addon that knows is missing.
 * @param {string} name
 * @param {readonly string[]} known
 */
export function nearest(name, known) {
  try {
    return loadNative().nearest(name, known) ?? undefined
  } catch {
    return undefined
  }
}
