/**
 * Tells the host to which names and ports tools connect. The host's resolver is asked for a name alone, so a refused name is known
 * without its port, and a flag that names the port is narrower. On Node every connection goes through net.Socket. On Bun only
 * `fetch` and `Bun.connect` are observed, because `net` would have to be loaded at every start.
 */
import { begin, finish, flushSoon, putText } from './channel.mjs'
import { apply, builtin, bun, charCodeAt, includes, isArray, listenerOf, match } from './primordials.mjs'
import { WANTS } from './protocol.mjs'
import { isObject } from './values.mjs'

/** A longer text is no name; see src/sandbox/destinations.rs. */
const LONGEST = 253
/** Scheme, host and port. */
const URL_BEGINS = /^\s*(https?):\/\/(?:[^/?#@]*@)?([^/?#:[\]@]+)(?::(\d+))?(?:[/?#]|$)/i

/** @param {unknown} host @param {unknown} port */
function want(host, port) {
  if (typeof host !== 'string' || host.length === 0 || host.length > LONGEST || includes(host, ':')) return
  // The last character of an address is a digit, of a name it hardly is.
  const last = charCodeAt(host, host.length - 1)
  if ((last >= 48 && last <= 57) || (typeof port !== 'number' && typeof port !== 'string')) return
  const start = begin(WANTS)
  putText(`${host}:${port}`)
  finish(start)
  flushSoon()
}

/** net.Socket's connect(options), (port, host), (path), or what net.connect has made of them. @param {any[]} given */
function wantOfSocket(given) {
  const first = isArray(given[0]) ? given[0][0] : given[0]
  if (!isObject(first)) want(given[1], first)
  else if (typeof first.path !== 'string') want(first.host, first.port)
}

/** @param {any[]} given */
function wantOfFetch(given) {
  const resource = given[0]
  const url = typeof resource === 'string' ? resource : isObject(resource) ? (resource.href ?? resource.url) : undefined
  const parts = typeof url === 'string' ? match(URL_BEGINS, url) : null
  if (parts !== null) want(parts[2], parts[3] ?? (parts[1].length === 5 ? 443 : 80))
}

/** @param {any[]} given */
const wantOfBun = (given) => want(given[0].hostname, given[0].port)

/** Calls `tell` before each call of a method; the method looks the same to tools. @param {any} owner @param {string} name @param {(given: any[]) => void} tell */
function listen(owner, name, tell) {
  const traps = {
    __proto__: null,
    apply: (/** @type {Function} */ method, /** @type {unknown} */ self, /** @type {any[]} */ given) => {
      try {
        tell(given)
      } catch {
        // A getter that throws does so again where it is asked for.
      }
      return apply(method, self, given)
    },
  }
  owner[name] = listenerOf(owner[name], traps)
}

export function listenToConnections() {
  if (bun) {
    listen(globalThis, 'fetch', wantOfFetch)
    listen(bun, 'connect', wantOfBun)
  } else listen(builtin('net').Socket.prototype, 'connect', wantOfSocket)
}
