/**
 * Who may use the page. Whoever knows the address with its token runs tools as the user, so a request is answered only if
 * it has the token, names this server as its host, and comes from this page where it comes from a page at all: a page of
 * another site can make its own name resolve to this machine, and can send requests here.
 */

import { timingSafeEqual } from 'node:crypto'

/**
 * @typedef {object} Door
 * @property {string} token
 * @property {number} port
 */

/** @param {string} one @param {string} other */
function same(one, other) {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * @param {{ method?: string | undefined, url?: string | undefined, headers: import('node:http').IncomingHttpHeaders }} request
 * @param {Door} door
 * @returns {{ refused: number } | { path: string }} the status of the refusal, or the path behind the token
 */
export function enter({ method, url = '/', headers }, { token, port }) {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  const host = headers.host ?? ''
  if (!hosts.includes(host)) return { refused: 403 }
  const { origin } = headers
  if (origin !== undefined && origin !== `http://${host}`) return { refused: 403 }
  // Browsers name the origin of everything but reading; a request without it is no page's.
  if (method !== 'GET' && origin === undefined) return { refused: 403 }
  if (method !== 'GET' && headers['content-type'] !== 'application/json') return { refused: 415 }
  const [, given = '', path] = /^\/([^/?]*)(?:\/([^?]*))?(?:\?.*)?$/.exec(url) ?? []
  if (!same(given, token)) return { refused: 404 }
  return path === undefined ? { refused: 404 } : { path }
}
