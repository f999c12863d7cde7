/** The errors with which a manager rejects calls that it does not pass to the core. */

import { ArgumentProblem, errorFrom } from './errors.js'
import { MANAGER_CLOSED } from './hints.js'

/** @typedef {import('./native-interface.d.ts').ErrorData} ErrorData */
/** @typedef {import('./call-site.js').Site} Site */

/**
 * The error of a rejected call. Any other exception comes from the caller's own getters and proxies.
 * @param {unknown} error
 * @param {Site} site
 */
export const refusal = (error, site) => (error instanceof ArgumentProblem ? errorFrom(error.data, site) : error)

/** @param {string} toolId @param {string} toolExecId @returns {ErrorData} */
export const closed = (toolId = '', toolExecId = '') => ({
  code: 'ERR_MANAGER_CLOSED',
  message: toolId === '' ? 'the manager is closed' : `tool ${toolId} was not called: the manager is closed`,
  hint: MANAGER_CLOSED,
  operation: 'queue',
  toolId,
  toolExecId,
})

/** @param {string} toolId @param {string} toolExecId @returns {ErrorData} */
export const aborted = (toolId, toolExecId) => ({
  code: 'ABORT_ERR',
  message: `tool ${toolId} was cancelled before it started`,
  operation: 'queue',
  toolId,
  toolExecId,
})
