/**
 * For the contestants that start one process per call and read its output: turns the end of the process into a result.
 */

import { fileURLToPath } from 'node:url'

export const ONE_CALL = fileURLToPath(new URL('../workers/one-call.mjs', import.meta.url))

/**
 * @param {import('node:child_process').ChildProcess} child with stdout piped
 * @returns {Promise<unknown>}
 */
export function resultOf(child) {
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      printed += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(printed))
      else reject(new Error(`the process ended with ${signal ?? code}: ${printed.slice(0, 200)}`))
    })
  })
}
