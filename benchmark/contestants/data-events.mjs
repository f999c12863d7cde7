/** A contestant: a Bun process that prints, and the 'data' events of its stdout. */

import { spawn as start } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { RESULT } from '../payload.mjs'
import { LENGTH } from '../workers/lines.mjs'
import { bunPath } from './binaries.mjs'

const WORKER = fileURLToPath(new URL('../workers/prints.mjs', import.meta.url))

/**
 * @param {string} name
 * @param {string} way
 * @param {(count: number, done: () => void) => (chunk: string) => void} take makes the function that receives the chunks
 */
const contestant = (name, way, take) => () => {
  let child, ended, onData
  return {
    name,
    async setup() {
      child = start(bunPath(), [WORKER], { stdio: ['pipe', 'pipe', 'ignore'] })
      ended = new Promise((resolve) => {
        child.once('close', resolve)
      })
      child.stdout.setEncoding('latin1').on('data', (chunk) => onData(chunk))
    },
    // This contestant answers no calls.
    call: async () => RESULT,
    /** @param {number} count @returns {Promise<void>} resolves once all lines have arrived */
    print(count) {
      return new Promise((resolve) => {
        onData = take(count, resolve)
        child.stdin.write(`${JSON.stringify([way, count])}\n`)
      })
    },
    async teardown() {
      child?.stdin.end()
      await ended
    },
  }
}

/** Counts the bytes that arrive and does nothing else with them; all lines have the same length. */
function counted(count, done) {
  let left = count * (LENGTH + 1)
  return (chunk) => {
    left -= chunk.length
    if (left === 0) done()
  }
}

function split(count, done) {
  let rest = ''
  let left = count
  return (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    left -= lines.length
    if (left === 0) done()
  }
}

export const dataEvents = contestant("child_process 'data', console.log", 'printLines', counted)
export const dataLines = contestant("child_process 'data' split, large writes", 'printPieces', split)
