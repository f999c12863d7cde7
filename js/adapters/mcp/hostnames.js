/** Which names a server answers to. A page of another site can make a name of its own lead here, but not one of these. */

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
const EVERY_ADDRESS = new Set(['0.0.0.0', '::'])

/** A host as URLs write it. @param {string} host */
export const urlHost = (host) => (host.includes(':') ? `[${host}]` : host)

/** IPv4 as dual-stack sockets write it. @param {string} address */
const plain = (address) => address.replace(/^::ffff:(?=\d+\.)/, '')

/**
 * @param {string} host what the server was told to listen on
 * @param {string | undefined} reachedAt the address of this machine that the connection came in on
 */
export function ownHostnames(host, reachedAt) {
  const names = new Set(LOOPBACK)
  if (!EVERY_ADDRESS.has(host)) names.add(new URL(`http://${urlHost(host)}`).hostname)
  // An address in the Host header was typed or configured by someone; only names can be made to lead elsewhere.
  if (reachedAt !== undefined) names.add(urlHost(plain(reachedAt)))
  return [...names]
}
