/** anthropic.js for CommonJS. */

'use strict'

try {
  module.exports = require('./anthropic.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/anthropic.js`)
}
