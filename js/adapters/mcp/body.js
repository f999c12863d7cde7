/** Bodies of requests, bounded: one by one, and all that are being read together. */

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
  #held = 0

  /** The JSON of a request's body. @param {import('node:http').IncomingMessage} request @returns {Promise<any>} */
  async json(request) {
    /** @type {Buffer[]} */
    const chunks = []
    let bytes = 0
    try {
      for await (const chunk of request) {
        bytes += chunk.length
        this.#held += chunk.length
        if (bytes > LARGEST_BODY) throw new Refusal(413, -32000, `a request has at most ${LARGEST_BODY} bytes`)
        if (this.#held > MOST_AT_ONCE) throw new Refusal(503, -32000, 'too many large requests at once')
        chunks.push(chunk)
      }
      return JSON.parse(Buffer.concat(chunks).toString('utf8'))
    } catch (error) {
      if (error instanceof SyntaxError) throw new Refusal(400, -32700, 'Parse error: the body is not JSON')
      throw error
    } finally {
      this.#held -= bytes
    }
  }
}
