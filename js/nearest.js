import { loadNative } from './native.js'

/**
 * The known name that was probably meant; undefined when none is close.
 * @param {string} name
 * @param {readonly string[]} known
 */
export const nearest = (name, known) => loadNative().nearest(name, known) ?? undefined
