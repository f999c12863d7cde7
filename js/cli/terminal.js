/** The two output streams: colours only on a terminal that wants them, and no output after a reader has gone. */

import { styleText } from 'node:util'

/** @param {NodeJS.WriteStream} stream */
const written = (stream) => new Promise((resolve) => stream.write('', () => resolve(undefined)))

/** @typedef {'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'} Style */

export class Terminal {
  #out
  #err
  #outGone = false

  /** @param {NodeJS.WriteStream} out @param {NodeJS.WriteStream} err @param {NodeJS.ProcessEnv} env */
  constructor(out, err, env) {
    this.#out = out
    this.#err = err
    const plain = Boolean(env.NO_COLOR) || env.TERM === 'dumb'
    this.outColours = Boolean(out.isTTY) && !plain
    this.errColours = Boolean(err.isTTY) && !plain
    // `toolwarden list ... | head` closes the pipe early, which is not a failure of this program.
    out.on('error', () => {
      this.#outGone = true
    })
    err.on('error', () => {})
  }

  /** Whether a person is looking at stdout. */
  get interactive() {
    return Boolean(this.#out.isTTY)
  }

  /** Whether a person is looking at stderr. */
  get errInteractive() {
    return Boolean(this.#err.isTTY)
  }

  /** Columns of stdout where it is a terminal. */
  get width() {
    return this.#out.isTTY ? this.#out.columns || 80 : Infinity
  }

  /** @param {string} text @param {Style} style @param {boolean} colours */
  #styled(text, style, colours) {
    // Whether the stream wants colours was decided above, for this program's own environment.
    return colours ? styleText(style, text, { validateStream: false }) : text
  }

  /** @param {string} text @param {Style} style */
  outStyle(text, style) {
    return this.#styled(text, style, this.outColours)
  }

  /** @param {string} text @param {Style} style */
  errStyle(text, style) {
    return this.#styled(text, style, this.errColours)
  }

  /** @param {string} line */
  print(line) {
    if (!this.#outGone) this.#out.write(`${line}\n`)
  }

  /** @param {string} line */
  note(line) {
    this.#err.write(`${line}\n`)
  }

  /** A question, whose answer is typed behind it. @param {string} text */
  prompt(text) {
    this.#err.write(text)
  }

  /** Resolves when everything was passed to the system, because process.exit() drops pending output. */
  async flush() {
    await Promise.all([written(this.#out), written(this.#err)])
  }
}
