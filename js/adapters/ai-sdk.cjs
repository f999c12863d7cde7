/** ai-sdk.js for CommonJS. */

'use strict'

try {
  module.exports = require('./ai-sdk.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/ai-sdk.js`)
}
