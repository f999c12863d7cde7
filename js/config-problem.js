import { errorFrom } from './errors.js'
import { described } from './user-value.js'

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
