import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { toolActivities, workerOptions } from '../../../js/adapters/temporal.js'
import { startTemporal } from '../../../scripts/servers/temporal.mjs'

const QUEUE = 'chaos'
const WORKFLOWS = fileURLToPath(new URL('./workflows.mjs', import.meta.url))

/** Runs a worker for activities only; workflows run in a process that is not killed. @param {any} manager @param {any} settings */
export async function serve(manager, { address }) {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), shutdownSignals: [] })
  const connection = await NativeConnection.connect({ address })
  const worker = await Worker.create({ connection, taskQueue: QUEUE, activities: await toolActivities(manager), ...workerOptions(manager) })
  void worker.run()
}

export async function open() {
  const server = await startTemporal()
  try {
    return await openOn(server)
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** @param {Awaited<ReturnType<typeof startTemporal>>} server */
async function openOn(server) {
  const { address } = server
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), shutdownSignals: [] })
  const native = await NativeConnection.connect({ address })
  const connection = await Connection.connect({ address })
  const client = new Client({ connection })
  const worker = await Worker.create({ connection: native, taskQueue: `${QUEUE}-workflows`, workflowsPath: WORKFLOWS })
  const running = worker.run()
  return {
    runtimes: ['node', 'bun'],
    settings: () => ({ address }),
    engine: 'temporal',
    attach: async () => {},
    submit: (inputs) =>
      Promise.all(inputs.map((input) => client.workflow.start('job', { taskQueue: `${QUEUE}-workflows`, workflowId: `job-${input.id}`, args: [QUEUE, input] }))),
    async outcome(handle, until) {
      let timer
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, until - Date.now(), { state: 'stuck' })
      })
      const ended = handle.result().then(
        (result) => ({ state: 'completed', result }),
        (error) => ({ state: 'failed', reason: String(error.cause ?? error) }),
      )
      return Promise.race([ended, late]).finally(() => clearTimeout(timer))
    },
    async close() {
      worker.shutdown()
      await running
      await native.close()
      await connection.close()
      await server.stop()
    },
  }
}
