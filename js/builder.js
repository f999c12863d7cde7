import { configProblem } from './config-problem.js'
import { captureSite } from './call-site.js'
import { isRecord } from './user-value.js'

/**
 * The fluent builder of a manager. Its methods are the fields of the configuration, taken from the core's defaults so
 * that none can be forgotten here.
 * @param {import('./native-interface.d.ts').NativeModule} native
 * @param {(workingDir: string, config: object) => object} open makes the manager
 */
export function createBuilderClass(native, open) {
  return class ManagerBuilder {
    /** @type {string} */ #workingDir
    /** @type {Record<string, unknown>} */ #given = {}

    static #hasMethods = false

    /** Runs with the first builder, because the package must load without a core. */
    static #addMethods() {
      for (const field of Object.keys(JSON.parse(native.preset('default')))) {
        Object.defineProperty(ManagerBuilder.prototype, field, {
          /** @this {ManagerBuilder} @param {unknown} value */
          value(value) {
            return this.config({ [field]: value })
          },
          configurable: true,
          writable: true,
        })
      }
      ManagerBuilder.#hasMethods = true
    }

    /** @param {string} workingDir */
    constructor(workingDir) {
      if (!ManagerBuilder.#hasMethods) ManagerBuilder.#addMethods()
      this.#workingDir = workingDir
    }

    /** Undefined means "not given" here as in a config object: the previous value stays. @param {object} config */
    config(config) {
      if (!isRecord(config)) {
        throw configProblem('config', 'an object', config, captureSite(this.config))
      }
      for (const [field, value] of Object.entries(config)) {
        // Undefined is "not given" here as in a config object: what was set before stays.
        if (value !== undefined) this.#given[field] = value
      }
      return this
    }

    build() {
      return open(this.#workingDir, { ...this.#given })
    }
  }
}
