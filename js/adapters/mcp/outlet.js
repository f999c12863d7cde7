/**
 * The way out to one client, or to one response of it: messages enter one after another while the data that the client
 * has not taken stays below a limit. Their makers count the messages that wait.
 */

export class Outlet {
  #limit
  #untaken = 0
  #ended = false
  /** @type {Array<{ bytes: number, enter: () => void }>} */ #waiting = []

  /** @param {number} limit bytes that may be on their way when the next message enters */
  constructor(limit) {
    this.#limit = limit
  }

  /** Bytes that entered and that the client has not taken. */
  get untaken() {
    return this.#untaken
  }

  /**
   * Resolves when the message may enter, at once if there is room; its bytes count from then on.
   * @param {number} bytes
   */
  async enter(bytes) {
    if (this.#ended) return
    if (this.#waiting.length === 0 && this.#untaken <= this.#limit) {
      this.#untaken += bytes
      return
    }
    await new Promise((resolve) => this.#waiting.push({ bytes, enter: () => resolve(undefined) }))
  }

  /** The client has taken this many bytes. @param {number} bytes */
  left(bytes) {
    this.#untaken = Math.max(0, this.#untaken - bytes)
    while (this.#waiting.length > 0 && this.#untaken <= this.#limit) {
      const next = /** @type {{ bytes: number, enter: () => void }} */ (this.#waiting.shift())
      this.#untaken += next.bytes
      next.enter()
    }
  }

  /** The client is gone: waiting messages are released. */
  end() {
    this.#ended = true
    for (const { enter } of this.#waiting.splice(0)) enter()
  }
}

/** Bytes of one response's events that may be on their way. */
const MOST_UNTAKEN = 1024 * 1024
/** Bytes around the message in a server-sent event. */
export const EVENT_FRAME = 'event: message\ndata: \n\n'.length

/**
 * The outlet of a response whose stream accepts everything at once: what leaves is observed where it is written to the
 * socket.
 * @param {import('node:http').ServerResponse} response
 */
export function meteredOutlet(response) {
  const outlet = new Outlet(MOST_UNTAKEN)
  const write = response.write.bind(response)
  /** Bytes that were written, and that the response buffers because the socket is full. */
  let kept = 0
  /** @param {any} chunk @param {any[]} rest */
  const metered = (chunk, ...rest) => {
    const took = Reflect.apply(write, response, [chunk, ...rest])
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
    if (took) outlet.left(bytes)
    else kept += bytes
    return took
  }
  response.write = metered
  response.on('drain', () => {
    outlet.left(kept)
    kept = 0
  })
  response.once('close', () => outlet.end())
  return outlet
}
