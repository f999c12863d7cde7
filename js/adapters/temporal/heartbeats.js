/**
 * Sends the heartbeats of an activity. The host sends them, because the tool may never yield. They tell the server that the worker is alive,
 * and their answers carry cancellations. Their details are what the tool reports. An activity without a heartbeat timeout must not send any.
 */

/** How many heartbeats are sent in the time after which the server gives up. */
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
    // Until the tool reports something, the details that an earlier attempt reported stay.
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
