/** openai.js for CommonJS. */

'use strict'

try {
  module.exports = require('./openai.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/openai.js`)
}
