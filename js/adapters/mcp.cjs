/** mcp.js for CommonJS. */

'use strict'

try {
  module.exports = require('./mcp.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/mcp.js`)
}
