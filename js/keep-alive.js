/**
 * Keeps the host running while a caller waits. The addon never does, so that an idle manager does not keep the host
 * alive.
 */

/** The longest delay of a timer, which only keeps the host alive and never fires. */
const LONGEST = 2 ** 31 - 1

export class KeepAlive {
  #timer = setInterval(() => {}, LONGEST).unref()
  #waiting = 0

  hold() {
    if (this.#waiting++ === 0) this.#timer.ref()
  }

  release() {
    if (--this.#waiting === 0) this.#timer.unref()
  }

  end() {
    clearInterval(this.#timer)
  }
}
