/** A registry on loopback that has this package. Everything else is the upstream registry's. */

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'

/** Long ago, because package managers refuse what is only some days old. */
const PUBLISHED = '2020-01-01T00:00:00.000Z'

/** @param {import('../build-all/packed.mjs').Packed} packed @param {string} at the registry's address */
function document({ manifest, tarball }, at) {
  const { name, version } = manifest
  const dist = {
    tarball: `${at}/${name}/-/${name}-${version}.tgz`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
  }
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    time: { created: PUBLISHED, modified: PUBLISHED, [version]: PUBLISHED },
  }
}

/**
 * @param {Map<string, import('../build-all/packed.mjs').Packed>} packages
 * @param {string} upstream
 * @returns {Promise<{ at: string, close(): void }>}
 */
export async function openRegistry(packages, upstream) {
  /** @type {string} */
  let at
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/'
    const [, name = '', ...rest] = path.split('/')
    const own = packages.get(name)
    if (own !== undefined) {
      const body = rest.length > 0 ? own.tarball : JSON.stringify(document(own, at))
      response.setHeader('content-type', rest.length > 0 ? 'application/octet-stream' : 'application/json')
      return void response.end(body)
    }
    try {
      const headers = { accept: request.headers.accept ?? '*/*' }
      const answer = await fetch(new URL(path, upstream), { method: request.method ?? 'GET', headers })
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
      response.end(Buffer.from(await answer.arrayBuffer()))
    } catch (error) {
      response.writeHead(502).end(String(error))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  at = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
  return {
    at,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
