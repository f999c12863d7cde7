/** A workflow that calls a tool; runs inside of Temporal's own isolate. */

import { proxyActivities } from '@temporalio/workflow'

/** Without a heartbeat timeout a call could not be cancelled. @type {Record<string, (input: unknown) => Promise<unknown>>} */
const tools = proxyActivities({ startToCloseTimeout: '30s', heartbeatTimeout: '5s', retry: { maximumAttempts: 3 } })

/** @param {string} city */
export async function forecast(city) {
  return tools.weather?.({ city })
}
