/**
 * The host names that a server answers to. A page of another site can make a name of its own resolve to this machine,
 * but not one of these.
 */

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
const EVERY_ADDRESS = new Set(['0.0.0.0', '::'])

/** A host in the form that URLs use. @param {string} host */
export const urlHost = (host) => (host.includes(':') ? `[${host}]` : host)

/** Strips the IPv6 prefix that dual-stack sockets put before an IPv4 address. @param {string} address */
const plain = (address) => address.replace(/^::ffff:(?=\d+\.)/, '')

/**
 * @param {string} host the address on which the server listens
 * @param {string | undefined} reachedAt the address of this machine that the connection came in on
 */
export function ownHostnames(host, reachedAt) {
  const names = new Set(LOOPBACK)
  if (!EVERY_ADDRESS.has(host)) names.add(new URL(`http://${urlHost(host)}`).hostname)
  // Somebody typed or configured an address in the Host header; only names can be made to resolve elsewhere.
  if (reachedAt !== undefined) names.add(urlHost(plain(reachedAt)))
  return [...names]
}
