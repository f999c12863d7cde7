import { errorFrom } from './errors.js'
import { WORKING_DIR_URL } from './hints.js'
import { described, isRecord } from './user-value.js'

/**
 * The error for an argument that cannot even be passed to the core.
 * @param {string} field
 * @param {string} wanted
 * @param {unknown} value
 * @param {import('./call-site.js').Site} site
 * @param {string | null} [hint]
 */
export function configProblem(field, wanted, value, site, hint = null) {
  const message = `expected \`${field}\` to be ${wanted}, got ${described(value)}`
  const problems = [{ field, message }]
  return errorFrom({ code: 'ERR_CONFIG_INVALID', message: `invalid configuration: ${message}`, hint, problems }, site)
}

/**
 * Refuses arguments of a manager that cannot even be passed to the core.
 * @param {unknown} workingDir
 * @param {unknown} config
 * @param {import('./call-site.js').Site} site
 */
export function checkArguments(workingDir, config, site) {
  if (typeof workingDir !== 'string') {
    throw configProblem('workingDir', 'a string', workingDir, site, Object(workingDir) instanceof URL ? WORKING_DIR_URL : null)
  }
  if (!isRecord(config)) throw configProblem('config', 'an object', config, site)
}
