/** Configurations from presets and from the environment, and queries about runtimes. */

import process from 'node:process'
import { configProblem } from './config-problem.js'
import { errorFrom } from './errors.js'
import { captureSite } from './call-site.js'
import { isRecord, parseUserValue } from './user-value.js'
import { hostDirs } from './host.js'

/** @typedef {import('../index.d.ts').ResolvedConfig} ResolvedConfig */
/** @typedef {import('../index.d.ts').RuntimeType} RuntimeType */

/** @type {readonly RuntimeType[]} */
export const SUPPORTED_RUNTIME_TYPES = Object.freeze(['bun', 'node'])

/** @param {string} type @returns {type is RuntimeType} */
export function isValidRuntimeType(type) {
  return /** @type {readonly string[]} */ (SUPPORTED_RUNTIME_TYPES).includes(type)
}

/** @param {import('./native-interface.d.ts').NativeModule} native */
export function createConfigFunctions(native) {
  /** @param {string} name @returns {ResolvedConfig} a new object each time, because the caller may change it */
  const preset = (name) => parseUserValue(native.preset(name))

  /**
   * @param {Record<string, string | undefined>} [env]
   * @returns {import('../index.d.ts').Config}
   */
  function configFromEnv(env = process.env) {
    const site = captureSite(configFromEnv)
    // Node's process.env is not a plain object, and it may be empty.
    if (env !== process.env && !isRecord(env)) throw configProblem('env', 'an object of strings', env, site)
    const pairs = Object.entries(env).filter(([name, value]) => name.startsWith('TOOLWARDEN_') && value !== undefined)
    const foreign = pairs.find(([, value]) => typeof value !== 'string')
    if (foreign !== undefined) throw configProblem(foreign[0], 'a string', foreign[1], site)
    const { ok, error } = parseUserValue(native.configFromEnv(JSON.stringify(pairs)))
    if (error) throw errorFrom(error, site)
    return ok
  }

  return {
    defaultConfig: () => preset('default'),
    testConfig: () => preset('test'),
    developmentConfig: () => preset('development'),
    productionConfig: () => preset('production'),
    debugConfig: () => preset('debug'),
    configFromEnv,
    /** @returns {boolean} */
    isBunAvailable: () => native.isBunAvailable(process.cwd(), hostDirs()),
  }
}
