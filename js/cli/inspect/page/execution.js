/** One execution: how it stands, what it printed, what came of it. */

import { ask } from './connection.js'
import { duration, element } from './dom.js'
import { denialList } from './permissions.js'
import { timeBar } from './time-bar.js'

/** How an execution stands, in one word. @param {any} execution */
export function standing({ over, error, record }) {
  if (!over) return 'running'
  if (error === undefined) return 'success'
  if (error.code === 'ERR_ACCESS_DENIED') return 'denied'
  return record?.outcome ?? 'error'
}

/** @param {any} line */
function lineElement({ kind, level, text }) {
  return element('li', { dataset: { kind, level: level ?? '' } }, [kind === 'progress' ? element('em', {}, ['progress ']) : '', text])
}

export class ExecutionView {
  #place
  /** @type {any} */ #shown
  /** @type {HTMLElement | undefined} */ #lines
  #state
  #runAgain

  /**
   * @param {HTMLElement} place
   * @param {() => any} state
   * @param {() => void} runAgain puts the focus where it can be run again
   */
  constructor(place, state, runAgain) {
    this.#place = place
    this.#state = state
    this.#runAgain = runAgain
  }

  get id() {
    return this.#shown?.id
  }

  /** Shows the execution of this id as soon as it is known. @param {string} id */
  wait(id) {
    this.#shown = { id }
    this.#place.replaceChildren()
  }

  clear() {
    this.#shown = undefined
    this.#place.replaceChildren()
  }

  /** @param {any} line */
  add(line) {
    const lines = this.#lines
    if (lines === undefined) return
    const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4
    lines.append(lineElement(line))
    if (atEnd) lines.scrollTop = lines.scrollHeight
    lines.hidden = false
  }

  /** @param {any} execution */
  show(execution) {
    this.#shown = execution
    const focused = document.activeElement?.id
    const word = standing(execution)
    const took = execution.took === undefined ? '' : ` after ${duration(execution.took)}`
    const head = element('p', { className: 'standing' }, [element('span', { className: 'badge', dataset: { standing: word } }, [word]), took])
    head.setAttribute('role', 'status')
    if (!execution.over) {
      const cancel = element('button', { type: 'button', id: 'cancel', className: 'small' }, ['Cancel'])
      cancel.addEventListener('click', () => void ask('cancel', { id: execution.id }))
      head.append(cancel)
    }
    const { record, error, result } = execution
    const lines = element('ol', { className: 'lines', tabIndex: 0, hidden: execution.lines.length === 0, aria: { label: 'Output' } }, execution.lines.map(lineElement))
    lines.setAttribute('role', 'log')
    this.#lines = lines
    this.#place.replaceChildren(
      head,
      ...(record === undefined ? [] : [timeBar(record)]),
      ...(error === undefined ? [] : [this.#error(error)]),
      ...(record?.denials.length > 0 ? [denialList(execution, this.#state(), this.#runAgain)] : []),
      ...(result === undefined ? [] : [element('h3', {}, ['Result']), element('pre', { className: 'result', tabIndex: 0 }, [result])]),
      lines,
      ...(execution.linesLeftOut > 0 ? [element('p', { className: 'quiet' }, [`${execution.linesLeftOut} further lines are not shown`])] : []),
      ...this.#details(execution),
    )
    lines.scrollTop = lines.scrollHeight
    if (focused === 'cancel') (document.getElementById('cancel') ?? document.getElementById('run'))?.focus()
  }

  /** @param {any} error */
  #error({ code, message, hint, issues }) {
    return element('section', { className: 'error', aria: { label: 'Error' } }, [
      element('pre', {}, [message]),
      ...(issues.length === 0 ? [] : [element('ul', {}, issues.map((/** @type {any} */ { path, message: why }) => element('li', {}, [path === '' ? why : `${path}: ${why}`])))]),
      element('p', { className: 'quiet' }, [code ?? '', hint === null || code === 'ERR_ACCESS_DENIED' ? '' : `: ${hint}`]),
    ])
  }

  /** @param {any} execution */
  #details({ input, record }) {
    const parts = []
    if (record?.peakMemoryMb) parts.push(`${record.peakMemoryMb} MiB at most`)
    if (record?.pid) parts.push(`process ${record.pid}`)
    if (record) parts.push(`${record.attempts} ${record.attempts === 1 ? 'attempt' : 'attempts'}`)
    return [
      ...(input === undefined ? [] : [element('details', {}, [element('summary', {}, ['Input']), element('pre', {}, [input])])]),
      ...(parts.length === 0 ? [] : [element('p', { className: 'quiet' }, [parts.join(', ')])]),
    ]
  }
}
