/** temporal.js for CommonJS. */

'use strict'

try {
  module.exports = require('./temporal.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/temporal.js`)
}
