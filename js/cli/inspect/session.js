/** What the page works with: the tools, the executions, and the permissions that were allowed meanwhile. */

import path from 'node:path'
import { newExecId } from '../../exec-id.js'
import { isNarrow } from '../ask/question.js'
import { findEntrypoint } from '../entrypoint.js'
import { ReloadingManager } from '../mcp/reloading-manager.js'
import { canExtend, extendSettings } from '../settings/extend.js'
import { SETTINGS_FILE } from '../settings/name.js'
import { listOfTool } from '../settings/list-of-tool.js'
import { UsageError } from '../usage-error.js'
import { openManager } from '../with-manager.js'
import { addLine, Executions, failed, succeeded } from './executions.js'

/** @typedef {import('../../../index.d.ts').Manager} Manager */
/** @typedef {import('../context.d.ts').Context} Context */
/** @typedef {import('../with-manager.js').Given} Given */

export class InspectSession {
  #context
  #entrypoint
  #file
  #reloading
  #executions = new Executions()
  /** @type {Map<string, AbortController>} */ #running = new Map()
  /** @type {import('../../../index.d.ts').ToolInfo[]} */ #tools = []
  /** What was allowed in place of the given list. @type {import('../../../index.d.ts').Config | undefined} */ #overrides
  #publish

  /**
   * @param {Context} context
   * @param {Given} given what the manager was opened with
   * @param {Manager} manager
   * @param {(event: unknown) => void} publish
   */
  constructor(context, given, manager, publish) {
    this.#context = context
    this.#publish = publish
    this.#entrypoint = findEntrypoint(given.entrypoint, context.cwd)
    this.#file = path.join(path.dirname(this.#entrypoint), SETTINGS_FILE)
    const again = { ...given, options: { ...given.options, trust: false } }
    this.#reloading = new ReloadingManager(this.#watched(manager), async () => {
      const overrides = { ...given.overrides, ...this.#overrides }
      return this.#watched(await openManager(context, { ...again, overrides }))
    })
  }

  /** @param {Manager} manager */
  #watched(manager) {
    return manager.on('execution', (record) => {
      const execution = this.#executions.find(record.toolExecId)
      if (execution !== undefined) execution.record = record
    })
  }

  async load() {
    this.#tools = await this.#reloading.listTools()
  }

  /** @param {import('../../../index.d.ts').ToolInfo} tool */
  #shown(tool) {
    const { key, list, runtime } = listOfTool(this.#reloading.current.config, tool.id)
    return {
      ...tool,
      list: list.length === 0 && runtime === 'node' ? ['--allow-read'] : list,
      canRemember: canExtend(this.#file, runtime, this.#context.env, key),
    }
  }

  /** Everything, for a page that has just been opened. */
  state() {
    const { enforcement } = this.#reloading.current
    return {
      type: 'state',
      entrypoint: path.relative(this.#context.cwd, this.#entrypoint),
      level: enforcement.level,
      tools: this.#tools.map((tool) => this.#shown(tool)),
      executions: this.#executions.all,
    }
  }

  /** What is used now. */
  sample() {
    const manager = this.#reloading.current
    const { workers, queued } = manager.stats()
    const bytes = /^toolwarden_worker_resident_memory_bytes (\d+)/m.exec(manager.metrics())?.[1]
    return { type: 'sample', time: Date.now(), memory: Number(bytes ?? 0), processes: workers.starting + workers.idle + workers.busy, busy: workers.busy, queued }
  }

  /** @param {{ tool?: unknown, input?: unknown, timeout?: unknown }} asked */
  run({ tool, input, timeout }) {
    if (typeof tool !== 'string') throw new UsageError('`tool` is the id of a tool')
    const id = newExecId()
    const controller = new AbortController()
    const execution = this.#executions.begin(id, tool, input)
    this.#running.set(id, controller)
    /** @param {string} kind @param {string | null} level @param {string} text */
    const line = (kind, level, text) => {
      const added = addLine(execution, kind, level, text)
      if (added !== undefined) this.#publish({ type: 'line', id, line: added })
    }
    this.#publish({ type: 'execution', execution })
    const called = this.#reloading.executeTool(tool, /** @type {any} */ (input), {
      toolExecId: id,
      signal: controller.signal,
      ...(typeof timeout === 'string' && timeout !== '' ? { timeout } : {}),
      onLog: ({ stream, level, text }) => line(stream, level, text),
      onProgress: (value) => line('progress', null, JSON.stringify(value) ?? 'undefined'),
    })
    void this.#follow(execution, called)
    return { id }
  }

  /** @param {import('./executions.js').Execution} execution @param {Promise<unknown>} called */
  async #follow(execution, called) {
    try {
      succeeded(execution, await called)
    } catch (error) {
      failed(execution, error)
    }
    this.#running.delete(execution.id)
    this.#publish({ type: 'execution', execution })
  }

  /** @param {{ id?: unknown }} asked */
  cancel({ id }) {
    this.#running.get(String(id))?.abort(new Error('cancelled on the page'))
    return {}
  }

  /**
   * Allows what was denied to an execution: until the command ends, or in toolwarden.json too.
   * @param {{ id?: unknown, flag?: unknown, always?: unknown }} asked
   */
  async allow({ id, flag, always }) {
    const execution = this.#executions.find(String(id))
    const denials = execution?.record?.denials ?? []
    // Only what was denied, and only as narrowly: no page asks for more.
    const denial = denials.find((one) => one.flag === flag && isNarrow(one.flag))
    if (execution === undefined || denial === undefined) throw new UsageError('this execution was denied nothing that this flag allows')
    const { key, runtime, allowingToo } = listOfTool(this.#reloading.current.config, execution.tool)
    const before = this.#overrides
    this.#overrides = { ...before, ...allowingToo(denial.flag) }
    try {
      await this.#reloading.reload()
    } catch (error) {
      this.#overrides = before
      throw error
    }
    const problem = always === true ? extendSettings(this.#file, denial.flag, runtime, this.#context.env, key) : undefined
    this.#publish(this.state())
    return { ...(always === true ? { wrote: this.#file } : {}), ...(problem === undefined ? {} : { problem }) }
  }

  async close() {
    for (const controller of this.#running.values()) controller.abort(new Error('toolwarden inspect ends'))
    await this.#reloading.close()
  }
}
