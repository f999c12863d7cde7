/** Helpers for values of unknown origin. */
import { isArray, StringOf } from './primordials.mjs'

/** @param {any} value @returns {value is any} */
export const isObject = (value) => typeof value === 'object' && value !== null

/** @param {unknown} value */
export const asText = (value) => (typeof value === 'string' ? value : StringOf(value))

/**
 * Whether a result is MCP's own report of a failure: `{ content: [{ type, ... }], isError: true }`. An output schema describes
 * what a tool returns when it succeeds, in MCP too.
 * @param {any} value
 */
export function isMcpFailure(value) {
  if (!isObject(value) || value.isError !== true || !isArray(value.content)) return false
  for (let i = 0; i < value.content.length; i++) {
    const part = value.content[i]
    if (!isObject(part) || typeof part.type !== 'string') return false
  }
  return value.content.length > 0
}
