/**
 * Tools as activities of Temporal: its dev server is started, a worker whose activities run in the sandbox, and a workflow that calls one.
 * Needs the `temporal` command line (`scripts/servers/install`); with TEMPORAL_ADDRESS set the server there is used, and none is started.
 */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { Manager } from 'toolwarden'
import { toolActivities, workerOptions } from 'toolwarden/temporal'
import { startTemporal } from '../../scripts/servers/temporal.mjs'

const server = process.env.TEMPORAL_ADDRESS === undefined ? await startTemporal() : null
const address = server?.address ?? process.env.TEMPORAL_ADDRESS ?? ''
const manager = new Manager(process.cwd(), {
  entrypointPath: fileURLToPath(new URL('../tools.ts', import.meta.url)),
  bunPermissions: ['--allow-read'],
})

Runtime.install({ shutdownSignals: ['SIGTERM'] })
const connection = await NativeConnection.connect({ address })
const worker = await Worker.create({
  connection,
  taskQueue: 'tools',
  workflowsPath: fileURLToPath(new URL('workflows.mjs', import.meta.url)),
  activities: await toolActivities(manager),
  ...workerOptions(manager, { drain: '10s' }),
})
const clientConnection = await Connection.connect({ address })
try {
  const client = new Client({ connection: clientConnection })
  // Runs the worker until the workflow has ended.
  console.log(await worker.runUntil(client.workflow.execute('forecast', { taskQueue: 'tools', workflowId: `forecast-${Date.now()}`, args: ['Oslo'] })))
} finally {
  await clientConnection.close()
  await connection.close()
  await manager.close()
  await server?.stop()
}
