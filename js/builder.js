import { captureSite, configProblem } from './errors.js'
import { typeName } from './given.js'

/**
 * The fluent way to a manager. Its methods are the fields of a config; they are taken from the core's defaults, so that
 * a field cannot be forgotten here.
 * @param {import('./native-interface.d.ts').NativeModule} native
 * @param {(workingDir: string, config: object) => object} open makes the manager
 */
export function createBuilderClass(native, open) {
  return class ManagerBuilder {
    /** @type {string} */ #workingDir
    /** @type {Record<string, unknown>} */ #given = {}

    static {
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
    }

    /** @param {string} workingDir */
    constructor(workingDir) {
      this.#workingDir = workingDir
    }

    /** @param {object} config */
    config(config) {
      if (typeof config !== 'object' || config === null || Array.isArray(config)) {
        throw configProblem('config', `must be an object, got ${typeName(config)}`, captureSite(this.config))
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
