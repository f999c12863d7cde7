/** Turns a tool's result into the result of an MCP call. */

import { failureText, resultText } from '../failure-text.js'

/** @param {any} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Whether the tool returns an MCP result itself. An object with another kind of `content` is ordinary data.
 * @param {import('./sdk.d.ts').Sdk} sdk
 * @param {any} value
 */
const isMcpResult = (sdk, value) => isObject(value) && Array.isArray(value.content) && sdk.isToolResult(value)

/**
 * @param {import('./sdk.d.ts').Sdk} sdk
 * @param {any} value
 * @param {boolean} structured whether an output schema was announced: clients then insist on structured content
 * @returns {any}
 */
export function toolResult(sdk, value, structured) {
  // A result that reports a failure needs no structured content, whatever was announced.
  if (isMcpResult(sdk, value) && (!structured || value.structuredContent !== undefined || value.isError === true)) return value
  const content = [{ type: 'text', text: resultText(value) }]
  return isObject(value) ? { content, structuredContent: value } : { content }
}

/** @param {unknown} error */
export const failedResult = (error) => ({ content: [{ type: 'text', text: failureText(error) }], isError: true })
