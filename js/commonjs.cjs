/**
 * Loads this package's ES modules for CommonJS entries in Jest, which runs what it loads by itself and refuses ES modules
 * in its `require`. The process's own loads them, and only code outside of Jest's context can reach that.
 *
 * Everywhere else the entries' own `require` works, which is written out there because bundlers follow it.
 * @param {unknown} error what `require` threw
 * @param {string} file
 */

'use strict'

const vm = require('node:vm')

module.exports = function requireOutsideJest(/** @type {unknown} */ error, /** @type {string} */ file) {
  // Jest 29 does not recognise them and reports their first line as wrong.
  const { code, name } = Object(error)
  if (code !== 'ERR_REQUIRE_ESM' && name !== 'SyntaxError') throw error
  return vm.runInThisContext('process').getBuiltinModule('node:module').createRequire(file)(file)
}
