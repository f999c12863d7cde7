/** Talks to the command that serves this page. */

/**
 * @param {(event: any) => void} received
 * @param {(connected: boolean) => void} changed
 */
export function connect(received, changed) {
  const events = new EventSource('api/events')
  events.addEventListener('open', () => changed(true))
  // The browser tries again by itself.
  events.addEventListener('error', () => changed(false))
  events.addEventListener('message', ({ data }) => received(JSON.parse(data)))
}

/** @param {string} action @param {unknown} asked @returns {Promise<any>} */
export async function ask(action, asked) {
  const response = await fetch(`api/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  })
  const answer = await response.json().catch(() => ({ error: `the command answered ${response.status}` }))
  if (!response.ok) throw new Error(answer.error)
  return answer
}
