/** Packages that send requests to a server, which listens on loopback. */

const hello = { hello: 'world' }
const http = { needs: /** @type {const} */ (['http']), flags: ['--allow-net=127.0.0.1:{http}'] }

/** @type {import('../package.d.ts').Package[]} */
export default [
  { name: 'fetch', ...http, gives: hello },
  { name: 'stripe', version: '23.1.0', ...http, gives: ['cus_1', 'Ada'] },
  { name: 'node-fetch', version: '3.3.2', ...http, flags: ['--allow-net=localhost:{http}'], gives: hello },
  { name: 'googleapis', version: '188.0.0', ...http, gives: ['a.txt'] },
  { name: 'nodemailer', version: '10.6.0', needs: ['smtp'], flags: ['--allow-net=127.0.0.1:{smtp}'], gives: ['b@example.com'] },
  { name: 'axios', version: '1.21.1', ...http, flags: ['--allow-net=localhost:{http}'], gives: [hello, { a: 1 }] },
  { name: 'got', version: '14.6.5', ...http, gives: hello },
  { name: 'undici', version: '7.16.0', ...http, flags: ['--allow-net=localhost:{http}'], gives: hello },
  { name: 'ky', version: '1.14.0', ...http, gives: { a: 1 } },
  { name: 'superagent', version: '10.3.0', ...http, gives: { a: 1 } },
  { name: 'openai', version: '7.55.0', ...http, gives: 'hello' },
  { name: '@anthropic-ai/sdk', version: '1.10.0', ...http, gives: 'hello' },
  { name: 'ai', version: '6.0.5', with: { '@ai-sdk/openai-compatible': '2.0.2' }, ...http, gives: 'hello' },
  { name: 'graphql-request', version: '7.4.0', with: { graphql: '16.12.0' }, ...http, gives: 'world' },
  {
    name: 'form-data',
    version: '4.0.6',
    ...http,
    files: ['a.txt'],
    flags: ['--allow-net=127.0.0.1:{http}', '--allow-read={data}'],
    gives: true,
  },
  { name: '@octokit/rest', version: '22.0.1', ...http, gives: 'a/b' },
  { name: '@aws-sdk/client-s3', version: '3.1169.0', ...http, gives: 'hello' },
]
