import { freePorts } from '../../../scripts/servers/process.mjs'
import { startRestate } from '../../../scripts/servers/restate.mjs'

/**
 * Each host has a service of its own, because Restate sends the invocations of a service to one address.
 * @param {any} manager @param {any} settings
 */
export async function serve(manager, { port, name }) {
  // Imported here and not at the top, because the SDK needs Node 22.
  const { createEndpointHandler } = await import('@restatedev/restate-sdk')
  const { toolService } = await import('../../../js/adapters/restate.js')
  const { createServer } = await import('node:http2')
  const services = [await toolService(manager, { name, retry: { initialRetryInterval: 100, retryIntervalFactor: 1 } })]
  const server = createServer(createEndpointHandler({ services }))
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
}

const post = (url, body) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

export async function open() {
  const server = await startRestate()
  const ports = await freePorts(2)
  return {
    runtimes: ['node24', 'node24'],
    settings: (index) => ({ port: ports[index], name: `tools${index}` }),
    engine: 'restate',
    /** Registers a host once it listens. */
    async attach(index) {
      const answer = await post(`${server.admin}/deployments`, { uri: `http://127.0.0.1:${ports[index]}` })
      if (!answer.ok) throw new Error(`the deployment was refused: ${await answer.text()}`)
    },
    submit: (inputs) =>
      Promise.all(inputs.map(async (input) => (await (await post(`${server.ingress}/tools${input.id % 2}/job/send`, input)).json()).invocationId)),
    async outcome(id, until) {
      try {
        const answer = await fetch(`${server.ingress}/restate/invocation/${id}/attach`, { signal: AbortSignal.timeout(Math.max(1, until - Date.now())) })
        return answer.ok ? { state: 'completed', result: await answer.json() } : { state: 'failed', reason: await answer.text() }
      } catch (error) {
        return { state: `stuck: ${error}` }
      }
    },
    close: () => server.stop(),
  }
}
