/**
 * The open sessions. Clients often leave without ending theirs, so sessions make room for new ones, but only those that
 * are not in use: a client that opens many must not end those of others.
 */

/** The limits for all clients, and for one address. */
export const MOST_SESSIONS = 1000
export const MOST_OF_ONE_ADDRESS = 500
/**
 * The number of milliseconds without a request after which a session may be ended; less if it never had another one
 * than the first.
 */
const IDLE = 10 * 60_000
const UNUSED = 10_000

/**
 * @typedef {object} Session
 * @property {string} address of the client
 * @property {any} http the transport that takes requests
 * @property {import('./bounded-transport.js').BoundedTransport} bounded
 * @property {boolean} used whether a request followed the first
 * @property {number} last when there last was one, in milliseconds
 */

export class Sessions {
  /** The one not used for longest first. @type {Map<string, Session>} */ #sessions = new Map()
  #now

  /** @param {() => number} [now] milliseconds of a clock that never goes back */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  get size() {
    return this.#sessions.size
  }

  /** The session; marks it as in use. @param {string} id */
  use(id) {
    const session = this.#sessions.get(id)
    if (session === undefined) return undefined
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    session.used = true
    session.last = this.#now()
    return session
  }

  /**
   * Whether there is room for another session of this address; ends an unused session if necessary.
   * @param {string} address
   */
  makeRoom(address) {
    const ofAddress = [...this.#sessions.entries()].filter(([, session]) => session.address === address)
    if (ofAddress.length >= MOST_OF_ONE_ADDRESS) return this.#endOne(ofAddress)
    return this.#sessions.size < MOST_SESSIONS || this.#endOne([...this.#sessions.entries()])
  }

  /** @param {Array<[string, Session]>} sessions */
  #endOne(sessions) {
    const now = this.#now()
    const idle = sessions.find(([, { used, last, bounded }]) => !bounded.isBusy && now - last >= (used ? IDLE : UNUSED))
    if (idle === undefined) return false
    const [id, session] = idle
    this.#sessions.delete(id)
    session.http.close().catch(() => {})
    return true
  }

  /** @param {string} id @param {Omit<Session, 'used' | 'last'>} session */
  add(id, session) {
    this.#sessions.set(id, { ...session, used: false, last: this.#now() })
  }

  /** @param {string | undefined} id */
  remove(id) {
    if (id !== undefined) this.#sessions.delete(id)
  }

  async closeAll() {
    await Promise.all([...this.#sessions.values()].map(({ http }) => http.close()))
  }
}
