/** bullmq.js for CommonJS. */

'use strict'

try {
  module.exports = require('./bullmq.js')
} catch (error) {
  module.exports = require('../commonjs.cjs')(error, `${__dirname}/bullmq.js`)
}
