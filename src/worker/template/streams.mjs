/**
 * process.stdout and process.stderr: real writable streams whose bytes become LOG frames. They are created on first
 * use: Bun needs 8 ms for its own, and few tools use them.
 */
import { logRaw } from './log.mjs'
import { builtin, defineProperty, isBun } from './primordials.mjs'

/** @param {'stdout' | 'stderr'} name @param {number} fd */
export function patchStream(name, fd) {
  /** @type {import('node:stream').Writable | undefined} */
  let stream
  const make = () => {
    const { Writable } = builtin('stream')
    const made = new Writable({
      decodeStrings: true,
      write(chunk, _, done) {
        logRaw(fd, chunk)
        done()
      },
      // Like the original ones: the standard streams of a process cannot be closed.
      destroy(error, done) {
        done(error)
      },
    })
    return Object.assign(made, { fd, _type: 'pipe', _isStdio: true })
  }
  // Assigning replaces Bun's lazy property without creating the stream; redefining it would create the stream first, in
  // 8 ms.
  if (isBun) /** @type {any} */ (process)[name] = undefined
  defineProperty(process, name, { configurable: true, enumerable: true, get: () => (stream ??= make()) })
}

/** Writes text or bytes like process.stdout.write. @param {any} chunk */
export function writeStdout(chunk) {
  process.stdout.write(chunk)
}
