/** mcp-v2.js for CommonJS. */

'use strict'

try {
  module.exports = require('./mcp-v2.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/mcp-v2.js`)
}
