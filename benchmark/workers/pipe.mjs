/**
 * The worker's side of the hand-written pipe: one JSON line in, one out. All answers to one chunk that need no waiting
 * are written together, because that makes a plain pipe faster, and the comparison should be fair.
 */

import { writeSync } from 'node:fs'

const STDOUT = 1
const tools = await import(process.argv[2])

/**
 * A full pipe returns EAGAIN if the parent made it non-blocking. The parent always reads, so the write is tried again.
 */
function write(text) {
  let bytes = Buffer.from(text)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(STDOUT, bytes))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

/** @param {string} line @returns {string | Promise<string>} */
function answer(line) {
  const { c, t, i } = JSON.parse(line)
  const result = tools[t](i)
  const said = (r) => `${JSON.stringify({ c, r })}\n`
  return typeof result?.then === 'function' ? result.then(said) : said(result)
}

let rest = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  let now = ''
  for (const line of lines) {
    const said = answer(line)
    if (typeof said === 'string') now += said
    else void said.then(write)
  }
  if (now !== '') write(now)
})
process.stdin.on('end', () => process.exit(0))
