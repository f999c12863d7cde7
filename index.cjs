/** The package for CommonJS: the same modules as index.js, so that a program that mixes both has one class of each error. */

'use strict'

try {
  module.exports = require('./index.js')
} catch (error) {
  module.exports = require('./js/commonjs.cjs')(error, `${__dirname}/index.js`)
}
