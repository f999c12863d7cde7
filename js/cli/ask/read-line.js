/** Reads one line from the terminal that is this process's standard input. */

import { closeSync, constants, openSync, readSync } from 'node:fs'
import process from 'node:process'

/** Reads of a terminal that has more than this waiting are a program's, not a person's. */
const MOST_READS = 1000

/** Opens the terminal anew. Elsewhere than on Linux the path of a descriptor is only a copy of that. */
const TERMINAL = process.platform === 'linux' ? '/proc/self/fd/0' : '/dev/tty'

/**
 * Discards lines that were typed before the question: a tool can print a question of its own, and the answer to that one
 * must not be taken for the answer to ours. The terminal is opened again, so that not waiting for input changes nothing
 * for others who use it.
 */
function discardTyped() {
  const terminal = openSync(TERMINAL, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const buffer = Buffer.alloc(4096)
    for (let read = 0; read < MOST_READS; read++) if (readSync(terminal, buffer, 0, buffer.length, null) === 0) return
  } catch (error) {
    if (Object(error).code !== 'EAGAIN') throw error
  } finally {
    closeSync(terminal)
  }
}

/**
 * @param {NodeJS.ReadStream} stdin
 * @param {AbortSignal} signal
 * @param {() => void} prompt shows the question
 * @returns {Promise<string | undefined>} undefined without an answer: at the end of the input, after the signal
 */
export async function readLine(stdin, signal, prompt) {
  if (signal.aborted) return undefined
  try {
    discardTyped()
  } catch {
    // What was typed before cannot be told from an answer, so nobody is asked.
    return undefined
  }
  prompt()
  return new Promise((resolve) => {
    let text = ''
    /** @param {string | undefined} line */
    const end = (line) => {
      stdin.off('data', take)
      stdin.off('end', none)
      signal.removeEventListener('abort', none)
      stdin.pause()
      resolve(line)
    }
    const none = () => end(undefined)
    /** @param {Buffer | string} chunk */
    const take = (chunk) => {
      text += chunk.toString()
      if (text.includes('\n')) end(text.slice(0, text.indexOf('\n')))
    }
    stdin.on('data', take)
    stdin.on('end', none)
    signal.addEventListener('abort', none)
    stdin.resume()
  })
}
