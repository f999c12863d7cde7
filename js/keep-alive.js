/** The addon never keeps its host running, so that an idle manager does not; what a caller waits for must. */

/** The longest delay a timer takes: it is there to be waited for, not to fire. */
const LONGEST = 2 ** 31 - 1

export class KeepAlive {
  #timer = setInterval(() => {}, LONGEST).unref()
  #held = 0

  hold() {
    if (this.#held++ === 0) this.#timer.ref()
  }

  release() {
    if (--this.#held === 0) this.#timer.unref()
  }

  end() {
    clearInterval(this.#timer)
  }
}
