/**
 * Heartbeats of an activity, from the host and not from the tool, which may never yield: they tell the server that the worker lives, and
 * bring cancellations back. What the tool reports are their details. An activity without a heartbeat timeout must not send any.
 */

/** So many in the time after which the server gives up. */
const IN_TIME = 3

export class Heartbeats {
  #context
  /** @type {unknown} */
  #details
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer

  /** @param {import('@temporalio/activity').Context} context */
  constructor(context) {
    this.#context = context
    const { heartbeatTimeoutMs, heartbeatDetails } = context.info
    if (!heartbeatTimeoutMs) return
    // Until the tool reports something, what an earlier attempt reported stays.
    this.#details = heartbeatDetails
    this.#beat()
    this.#timer = setInterval(this.#beat, heartbeatTimeoutMs / IN_TIME)
  }

  #beat = () => this.#context.heartbeat(this.#details)

  /** @param {unknown} value */
  progress = (value) => {
    this.#details = value
    // The SDK sends them no more often than is useful.
    if (this.#timer !== undefined) this.#beat()
  }

  end() {
    clearInterval(this.#timer)
  }
}
