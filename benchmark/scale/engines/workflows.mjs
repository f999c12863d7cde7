/** One job as a workflow. It runs inside Temporal's own isolate. */

import { proxyActivities } from '@temporalio/workflow'

export async function job(taskQueue, input) {
  const retry = { initialInterval: '100ms', backoffCoefficient: 1, maximumAttempts: 50 }
  return proxyActivities({ taskQueue, startToCloseTimeout: '60s', heartbeatTimeout: '2s', retry }).job(input)
}
