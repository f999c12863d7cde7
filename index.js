/** The package's public face; index.d.ts says what each of these is. */

import { createConfigFunctions } from './js/config.js'
import { createManagerClass } from './js/manager.js'
import { loadNative } from './js/native.js'

export { isValidRuntimeType, SUPPORTED_RUNTIME_TYPES } from './js/config.js'
export { ConfigError, ProcessError, ToolExecutionError, ToolwardenError, ValidationError } from './js/errors.js'

const native = loadNative()

export const { Manager, ManagerBuilder } = createManagerClass(native)
export const {
  defaultConfig,
  testConfig,
  developmentConfig,
  productionConfig,
  debugConfig,
  configFromEnv,
  isBunAvailable,
} = createConfigFunctions(native)
