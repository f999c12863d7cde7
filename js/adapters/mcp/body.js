/** Reads request bodies within bounds: for each body, and for all that are being read. */

/** Bytes. */
export const LARGEST_BODY = 16 * 1024 * 1024
const MOST_AT_ONCE = 64 * 1024 * 1024

/** A request that is answered with an HTTP status and a JSON-RPC error. */
export class Refusal extends Error {
  /** @param {number} status @param {number} code @param {string} message */
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

export class Bodies {
  #bytesRead = 0

  /** The JSON of a request's body. @param {import('node:http').IncomingMessage} request @returns {Promise<any>} */
  async json(request) {
    const body = await this.#read(request)
    try {
      return JSON.parse(body)
    } catch {
      throw new Refusal(400, -32700, 'Parse error: the body is not JSON')
    }
  }

  /**
   * Does not iterate, because leaving the loop would close the connection before the error is sent.
   * @param {import('node:http').IncomingMessage} request
   */
  async #read(request) {
    /** @type {Buffer[]} */
    const chunks = []
    let bytes = 0
    /** @type {((chunk: Buffer) => void) | undefined} */
    let take
    const ended = new Promise((resolve, reject) => {
      take = (chunk) => {
        bytes += chunk.length
        this.#bytesRead += chunk.length
        chunks.push(chunk)
        if (bytes > LARGEST_BODY) reject(new Refusal(413, -32000, `a request has at most ${LARGEST_BODY} bytes`))
        else if (this.#bytesRead > MOST_AT_ONCE) reject(new Refusal(503, -32000, 'too many large requests at once'))
      }
      request.on('data', take)
      request.once('end', resolve)
      request.once('close', () => reject(new Error('the connection broke')))
    })
    try {
      await ended
      return Buffer.concat(chunks).toString('utf8')
    } finally {
      if (take !== undefined) request.off('data', take)
      this.#bytesRead -= bytes
    }
  }
}
