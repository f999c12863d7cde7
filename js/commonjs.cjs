/**
 * Loads this package's ES modules for CommonJS entries in Jest. Jest loads modules with a `require` of its own, which refuses ES
 * modules. The `require` of the process can load them, but only code outside Jest's context can reach it.
 *
 * In all other programs the `require` of the entry works. Each entry contains the call itself, because bundlers follow it.
 * @param {unknown} error what `require` threw
 * @param {string} file
 */

'use strict'

const vm = require('node:vm')

module.exports = function requireOutsideJest(/** @type {unknown} */ error, /** @type {string} */ file) {
  // Jest 29 does not recognise ES modules and reports a syntax error in their first line.
  const { code, name } = Object(error)
  if (code !== 'ERR_REQUIRE_ESM' && name !== 'SyntaxError') throw error
  return vm.runInThisContext('process').getBuiltinModule('node:module').createRequire(file)(file)
}
