/**
 * process.stdout and process.stderr: real writable streams whose bytes become LOG frames.
 * They are made when first asked for: Bun needs 8 ms for its own, and few tools use them.
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
      // Like the real ones: the standard streams of a process cannot be closed.
      destroy(error, done) {
        done(error)
      },
    })
    return Object.assign(made, { fd, _type: 'pipe', _isStdio: true })
  }
  // Assigning replaces Bun's lazy property unmade; defining over it would make the stream first, for 8 ms.
  if (isBun) /** @type {any} */ (process)[name] = undefined
  defineProperty(process, name, { configurable: true, enumerable: true, get: () => (stream ??= make()) })
}

/** Writes text or bytes as process.stdout.write would. @param {any} chunk */
export function writeStdout(chunk) {
  process.stdout.write(chunk)
}
