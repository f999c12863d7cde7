/** Who may use the page of `toolwarden inspect`. */

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test } from 'node:test'

import { enter } from '../../js/cli/inspect/guard.js'
import { startInspect } from '../support/inspect.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const door = { token: 'secret-token', port: 4711 }
const own = { host: '127.0.0.1:4711' }
const post = { method: 'POST', url: '/secret-token/api/run', headers: { ...own, origin: 'http://127.0.0.1:4711', 'content-type': 'application/json' } }

describe('The door of the page', () => {
  test('lets the page itself in', () => {
    assert.deepEqual(enter({ method: 'GET', url: '/secret-token/', headers: own }, door), { path: '' })
    assert.deepEqual(enter({ method: 'GET', url: '/secret-token/style.css?x', headers: { host: 'localhost:4711' } }, door), { path: 'style.css' })
    assert.deepEqual(enter(post, door), { path: 'api/run' })
  })

  const headers = (changed) => ({ ...post, headers: { ...post.headers, ...changed } })
  for (const [what, asked, status] of [
    ['no token', { method: 'GET', url: '/', headers: own }, 404],
    ['another token', { method: 'GET', url: '/secret-tokeN/', headers: own }, 404],
    ['a part of the token', { method: 'GET', url: '/secret/', headers: own }, 404],
    ['the token without its slash', { method: 'GET', url: '/secret-token', headers: own }, 404],
    ['a name that leads here', { method: 'GET', url: '/secret-token/', headers: { host: 'evil.test:4711' } }, 403],
    ['another port', { method: 'GET', url: '/secret-token/', headers: { host: '127.0.0.1:80' } }, 403],
    ['no host', { method: 'GET', url: '/secret-token/', headers: {} }, 403],
    ['a page of another site', headers({ origin: 'https://evil.test' }), 403],
    ['a sandboxed page', headers({ origin: 'null' }), 403],
    ['another port of this machine', headers({ origin: 'http://127.0.0.1:80' }), 403],
    ['a form', headers({ 'content-type': 'text/plain' }), 415],
    ['no origin', { ...post, headers: { ...own, 'content-type': 'application/json' } }, 403],
  ]) {
    test(`refuses ${what}`, () => assert.deepEqual(enter(asked, door), { refused: status }))
  }
})

describe('The server of the page', () => {
  const bench = workbench({ shared: true })
  let started
  const server = () => (started ??= startInspect(bench.project({ files: { 'tools.ts': 'export const echo = (input: unknown) => input' } }), []))

  /** @param {string} path @param {object} options @param {string} [body] */
  async function asks(path, options = {}, body) {
    const { url } = await server()
    const { host, port, pathname } = new URL(url)
    const { method = 'GET', headers = {} } = options
    const sent = request({ host: '127.0.0.1', port, path: path.startsWith('/') ? path : pathname + path, method, headers: { host, ...headers } })
    sent.end(body)
    const response = await bounded(new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject)), 'an answer')
    const chunks = []
    for await (const chunk of response) chunks.push(chunk)
    return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }
  }
  const json = async (action, asked) => {
    const { host } = new URL((await server()).url)
    return asks(`api/${action}`, { method: 'POST', headers: { origin: `http://${host}`, 'content-type': 'application/json' } }, JSON.stringify(asked))
  }

  test('answers nothing without the token, and serves only the page', async () => {
    for (const path of ['/', '/style.css', '/api/events']) assert.equal((await asks(path)).status, 404)
    for (const path of ['../../package.json', '%2e%2e/server.js', 'session.js', 'constructor']) assert.equal((await asks(path)).status, 404, path)
    const page = await asks('')
    assert.equal(page.status, 200)
    assert.match(page.headers['content-security-policy'], /^default-src 'none'; script-src 'self';/)
    assert.doesNotMatch(page.text, /https?:|\/\//)
    for (const [, file] of page.text.matchAll(/(?:href|src)="([^"]+\.(?:css|js))"/g)) assert.equal((await asks(file)).status, 200, file)
  })

  test('refuses what no page asks for', async () => {
    assert.equal((await json('run', { tool: 1 })).status, 400)
    assert.equal((await json('nothing', {})).status, 404)
    assert.equal((await json('constructor', {})).status, 404)
    const { id } = JSON.parse((await json('run', { tool: 'echo' })).text)
    for (const flag of ['--allow-all', '--allow-net', '--allow-read=/']) {
      const { status, text } = await json('allow', { id, flag, always: true })
      assert.equal(status, 400)
      assert.match(text, /denied nothing that this flag allows/)
    }
  })

  test('ends with Ctrl-C', async () => {
    const { cli } = await server()
    cli.child.kill('SIGINT')
    const { code, stdout } = await cli.ended()
    assert.equal(code, 130)
    assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/)
  })
})
