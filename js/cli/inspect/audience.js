/** The pages that are open: each gets the present state first, and then every event. */

/** Bytes that may wait for a page. One that reads slower is let go; it comes back by itself and gets the state anew. */
const MOST_WAITING = 4 * 1024 * 1024

/** @param {unknown} event */
const frame = (event) => `data: ${JSON.stringify(event)}\n\n`

export class Audience {
  /** @type {Set<import('node:http').ServerResponse>} */ #pages = new Set()
  #state

  /** @param {() => unknown} state the event that tells a new page everything */
  constructor(state) {
    this.#state = state
  }

  get isEmpty() {
    return this.#pages.size === 0
  }

  /** @param {import('node:http').ServerResponse} response */
  add(response) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(frame(this.#state()))
    this.#pages.add(response)
    response.once('close', () => this.#pages.delete(response))
  }

  /** @param {unknown} event */
  publish(event) {
    if (this.isEmpty) return
    const text = frame(event)
    for (const page of this.#pages) {
      if (page.writableLength > MOST_WAITING) page.destroy()
      else page.write(text)
    }
  }

  end() {
    for (const page of this.#pages) page.end()
  }
}
