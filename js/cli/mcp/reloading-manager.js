/**
 * A manager for the adapter whose tools can be loaded again. Running calls end in the version in which they began; later calls
 * are served by the version that loaded last. A version that does not load changes nothing.
 */

/** @typedef {import('../../../index.d.ts').Manager} Manager */

export class ReloadingManager {
  #open
  #current
  /** The managers that were opened here; the first manager belongs to its caller. @type {Set<Manager>} */ #opened = new Set()
  /** @type {Set<() => void>} */ #listeners = new Set()
  /** @type {Promise<unknown>} */ #reloads = Promise.resolve()
  #closed = false

  /** @param {Manager} first @param {() => Promise<Manager>} open makes a manager over the sources as they are now */
  constructor(first, open) {
    this.#current = first
    this.#open = open
  }

  /** The manager that serves later calls. */
  get current() {
    return this.#current
  }

  get enforcement() {
    return this.#current.enforcement
  }

  async listTools() {
    const used = this.#current
    try {
      return await used.listTools()
    } catch (error) {
      // Meanwhile the manager was closed, because a newer version was loaded.
      if (used === this.#current) throw error
      return this.#current.listTools()
    }
  }

  /** @param {Parameters<Manager['executeTool']>} call */
  executeTool(...call) {
    return this.#current.executeTool(...call)
  }

  /** @param {() => void} listener @returns {() => void} removes the listener */
  onToolsChanged(listener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Reloads run one after another, so that the last change wins. Rejects with the reason why the sources do not load.
   * @returns {Promise<number | undefined>} the number of tools; undefined after close()
   */
  reload() {
    const reloaded = this.#reloads.then(() => this.#reloadNow())
    this.#reloads = reloaded.catch(() => {})
    return reloaded
  }

  async #reloadNow() {
    if (this.#closed) return undefined
    const next = await this.#open()
    this.#opened.add(next)
    if (this.#closed) {
      await this.#end(next, { force: true })
      return undefined
    }
    try {
      const tools = await next.listTools()
      const before = this.#current
      this.#current = next
      void this.#end(before, {})
      for (const listener of this.#listeners) listener()
      return tools.length
    } catch (error) {
      await this.#end(next, { force: true })
      throw error
    }
  }

  /** @param {Manager} manager @param {{ force?: boolean }} options */
  async #end(manager, options) {
    await manager.close(options)
    this.#opened.delete(manager)
  }

  get closed() {
    return this.#closed
  }

  /** Ends the managers that were opened here and the calls that run in them. */
  async close() {
    this.#closed = true
    await Promise.all([...this.#opened].map((manager) => this.#end(manager, { force: true })))
  }
}
