/**
 * Packages that listen on a port and send requests to themselves. The system chooses the port, so no port can be
 * listed.
 */

const own = { flags: ['--allow-net=127.0.0.1'] }
const ada = { hello: 'ada' }

/** @type {import('../package.d.ts').Package[]} */
export default [
  { name: 'express', version: '5.1.0', ...own, gives: ada },
  { name: 'fastify', version: '5.6.2', ...own, gives: ada },
  { name: 'hono', version: '4.13.19', flags: [], gives: ada },
  { name: 'ws', version: '8.23.0', ...own, gives: 'answer to hello' },
  { name: 'socket.io', version: '4.8.4', with: { 'socket.io-client': '4.8.4' }, ...own, gives: 'answer to hello' },
  { name: 'multer', version: '2.0.2', with: { express: '5.1.0' }, ...own, gives: { size: 5, text: 'hello' } },
]
