/** A host that cannot start tools takes no jobs for a while: others may have more luck with them. */

/** @typedef {Pick<import('bullmq').Worker, 'pause' | 'resume' | 'isPaused' | 'closing'>} Pausable */

/** Workers that rest, and those that are to stay as they are. @type {WeakMap<Pausable, 'resting' | 'stopped'>} */
const states = new WeakMap()

/** @param {import('bullmq').Job} job @param {number} milliseconds */
export function rest(job, milliseconds) {
  /** @type {Pausable} */
  const worker = Reflect.get(job, 'queue')
  // One that its owner has paused stays so.
  if (states.has(worker) || worker.isPaused() || milliseconds <= 0) return
  states.set(worker, 'resting')
  void worker.pause(true)
  const timer = setTimeout(() => {
    if (states.get(worker) !== 'resting') return
    states.delete(worker)
    if (!worker.closing) void worker.resume()
  }, milliseconds)
  // The queue keeps its host alive, and nothing else of a worker should.
  timer.unref()
}

/** It will not take jobs any more. @param {Pausable} worker */
export function stayStopped(worker) {
  states.set(worker, 'stopped')
}
