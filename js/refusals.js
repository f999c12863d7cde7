/** What calls are rejected with that never cross to the core. */

import { ArgumentProblem, errorFrom } from './errors.js'
import { MANAGER_CLOSED } from './hints.js'

/**
 * What a refused call is rejected with. Anything else than a refusal comes from the caller's own getters and proxies.
 * @param {unknown} error @param {import('./site.js').Site} site
 */
export const refusal = (error, site) => (error instanceof ArgumentProblem ? errorFrom(error.data, site) : error)

/** @param {string} toolId @param {string} toolExecId @returns {import('./native-interface.d.ts').ErrorData} */
export const closed = (toolId = '', toolExecId = '') => ({
  code: 'ERR_MANAGER_CLOSED',
  message: toolId === '' ? 'the manager is closed' : `tool ${toolId} was not called: the manager is closed`,
  hint: MANAGER_CLOSED,
  operation: 'queue',
  toolId,
  toolExecId,
})
