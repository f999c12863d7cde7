/** Sends a bundler's answer to the host through the channel: one line of JSON, then the files that it announces. */
const CHANNEL = 3
const { writeSync } = process.getBuiltinModule('node:fs')

/** @param {Uint8Array} bytes */
function put(bytes) {
  for (let from = 0; from < bytes.length; ) from += writeSync(CHANNEL, bytes, from)
}

/** @param {object} header @param {Uint8Array[]} [files] */
export function answer(header, files = []) {
  put(Buffer.from(`${JSON.stringify({ ...header, sizes: files.map((file) => file.length) })}\n`))
  for (const file of files) put(file)
}

/** @param {any} error */
export function answerFailure(error) {
  const first = error.errors?.[0] ?? error
  answer({ failure: `${first?.message ?? first}` })
}
