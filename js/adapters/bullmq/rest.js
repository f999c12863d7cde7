/** Pauses the worker of a host that cannot start tools, so that other hosts get the jobs. */

/** @typedef {Pick<import('bullmq').Worker, 'pause' | 'resume' | 'isPaused' | 'closing'>} Pausable */

/**
 * The workers that are paused by this module at the moment, and those that are being closed and must not be resumed.
 * @type {WeakMap<Pausable, 'resting' | 'stopped'>}
 */
const states = new WeakMap()

/** @param {import('bullmq').Job} job @param {number} milliseconds */
export function rest(job, milliseconds) {
  /** @type {Pausable} */
  const worker = Reflect.get(job, 'queue')
  // A worker that its owner has paused stays paused.
  if (states.has(worker) || worker.isPaused() || milliseconds <= 0) return
  states.set(worker, 'resting')
  void worker.pause(true)
  const timer = setTimeout(() => {
    if (states.get(worker) !== 'resting') return
    states.delete(worker)
    if (!worker.closing) void worker.resume()
  }, milliseconds)
  // Only the worker's connections keep its host alive.
  timer.unref()
}

/** Marks a worker that is being closed. @param {Pausable} worker */
export function stayStopped(worker) {
  states.set(worker, 'stopped')
}
