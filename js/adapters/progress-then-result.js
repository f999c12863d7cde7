/** The number of values that may wait to be read. Beyond it the oldest are dropped. */
const MOST_UNREAD = 1000

/**
 * The form in which the SDK takes preliminary results: each progress value, then the result.
 *
 * The call starts when this function is called, not when the first value is read, so that its time is the tool's time.
 * @param {(onProgress: (value: unknown) => void) => Promise<unknown>} start
 * @returns {AsyncGenerator<any>}
 */
export function progressThenResult(start) {
  /** @type {unknown[]} */
  const values = []
  /** @type {(() => void) | undefined} */
  let wake
  const result = start((value) => {
    if (values.length >= MOST_UNREAD) values.shift()
    values.push(value)
    wake?.()
  })
  let ended = false
  const end = () => {
    ended = true
    wake?.()
  }
  // Handles a failure too: it is raised where the result is read below, and must not count as unhandled until then.
  result.then(end, end)

  async function* read() {
    for (;;) {
      while (values.length > 0) yield values.shift()
      if (ended) break
      await new Promise((resolve) => {
        wake = () => resolve(undefined)
      })
    }
    yield await result
  }
  return read()
}
