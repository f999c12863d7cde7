/** restate.js for CommonJS. */

'use strict'

try {
  module.exports = require('./restate.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/restate.js`)
}
