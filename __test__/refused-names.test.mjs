/** The host's resolver is asked for a name alone; the port of a refused one is what the worker says that it wanted. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { failure } from './support/outcomes.mjs'
import { RUNTIMES } from './support/runtimes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** A name that can never be resolved: RFC 2606. */
const NAME = 'db.example.invalid'

const tools = `
  import net from 'node:net'
  import tls from 'node:tls'
  import http from 'node:http'
  import dns from 'node:dns/promises'
  const tried = (attempt) => attempt().then(() => true, () => false)
  const event = (socket) => new Promise((resolve, reject) => socket.once('error', reject).once('connect', resolve))
  export const asksFetch = ({ url }) => tried(() => fetch(url))
  export const asksRequest = ({ url }) => tried(() => fetch(new Request(new URL(url))))
  export const asksBoth = ({ host }) => Promise.all([tried(() => fetch('http://' + host)), tried(() => fetch('https://' + host + '/x?y'))])
  export const connects = ({ host, port }) => tried(() => event(net.connect({ host, port })))
  export const connectsByPort = ({ host, port }) => tried(() => event(net.connect(String(port), host)))
  export const connectsSocket = ({ host, port }) => tried(() => event(new net.Socket().connect(port, host)))
  export const connectsTls = ({ host, port }) => tried(() => event(tls.connect(port, host)))
  export const requests = ({ host, port }) => tried(() => event(http.get({ host, port })))
  export const connectsOfBun = ({ host, port }) => tried(() => Bun.connect({ hostname: host, port, socket: { data() {} } }))
  export const lookups = ({ host }) => tried(() => dns.lookup(host))
  export const hangs = ({ url }) => { const again = () => fetch(url).catch(() => setTimeout(again, 5)); again(); return new Promise(() => {}) }
  export const odd = async ({ host }) => {
    for (const url of ['file:///etc/hostname', 'data:,x', 'http://[::1]:1/', 'http://' + host + ':0/', 'http://a b/', {}, undefined, { get url() { throw new Error('no') } }]) await tried(async () => fetch(url))
    return [fetch.name, typeof fetch, String(fetch).includes('native code') || !globalThis.Bun, typeof net.Socket.prototype.connect]
  }
`
const OF_ALL = [
  ['asksFetch', { url: `https://${NAME}/x` }, ['443']],
  ['asksFetch', { url: `HTTP://${NAME}:8443#x` }, ['8443']],
  ['asksRequest', { url: `http://${NAME}?x` }, ['80']],
  ['asksBoth', { host: NAME.toUpperCase() }, ['80', '443']],
]
const to = { host: NAME, port: 6379 }
const OF_NODE = ['connects', 'connectsByPort', 'connectsSocket', 'connectsTls', 'requests'].map((tool) => [tool, to, ['6379']])
// Node refuses a URL with a password in it.
const OF_BUN = [['connectsOfBun', to, ['6379']], ['asksFetch', { url: `http://me:secret@${NAME}:8443` }, ['8443']]]

for (const { name: runtime, config } of RUNTIMES) {
  describe(`A refused name that the tool says nothing of, with ${runtime} running it,`, () => {
    const bench = workbench()
    const nothing = runtime === 'Bun' ? { bunPermissions: [] } : { nodeOptions: ['--permission'] }
    const others = runtime === 'Bun' ? { bunPermissions: ['--allow-net=a.example.invalid:1'] } : { nodeOptions: ['--permission', '--allow-net=a.example.invalid:1'] }
    const open = (more) => bench.open(bench.project({ files: { 'tools.mjs': tools } }), { entrypointPath: './tools.mjs', minWorkers: 0, ...config, ...nothing, ...more })
    const flagsOf = async (manager, tool, input) => {
      const told = once(manager, 'execution')
      await manager.executeTool(tool, input)
      const [{ denials }] = await bounded(told, 'the record')
      return denials.map(({ flag }) => flag)
    }

    for (const [tool, input, ports] of [...OF_ALL, ...(runtime === 'Bun' ? OF_BUN : OF_NODE)]) {
      it(`is in the record with its port: ${tool} of ${JSON.stringify(input)}.`, async () => {
        for (const more of [nothing, others, { ...nothing, isolation: 'worker' }]) {
          const flags = await flagsOf(open(more), tool, input)
          assert.deepEqual(flags.toSorted(), ports.map((port) => `--allow-net=${NAME}:${port}`).toSorted())
        }
      })
    }

    it('is without one where nobody said any, also after a call that did.', async () => {
      const manager = open({ isolation: 'worker' })
      await flagsOf(manager, 'asksFetch', { url: `https://${NAME}/x` })
      assert.deepEqual(await flagsOf(manager, 'lookups', { host: NAME }), [`--allow-net=${NAME}`])
    })

    it('is named with its port in the hint of a call that ran out of time.', async () => {
      const error = await failure(open({ toolExecutionTimeout: '1500ms', gracePeriod: 0 }).executeTool('hangs', { url: `https://${NAME}/` }))
      assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
      assert.ok(error.hint.includes(`--allow-net=${NAME}:443`), error.hint)
    })

    it('is none where no name was asked for, and what a tool calls looks as it did.', async () => {
      const manager = open({ sandbox: 'off' })
      assert.deepEqual(await manager.executeTool('odd', { host: NAME }), ['fetch', 'function', true, 'function'])
    })
  })
}
