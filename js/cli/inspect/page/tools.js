/** The list of tools, with a field to find one. */

import { byId, element } from './dom.js'

export class ToolList {
  #choose
  /** @type {any[]} */ #tools = []
  /** @type {string | undefined} */ #chosen

  /** @param {(tool: any) => void} choose */
  constructor(choose) {
    this.#choose = choose
    const filter = byId('filter')
    filter.addEventListener('input', () => this.#render())
    filter.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'ArrowDown') this.#move(event, this.#buttons()[0])
      const [only] = this.#found()
      if (event.key !== 'Enter' || only === undefined) return
      // The key must not act in the form as well, which gets the focus.
      event.preventDefault()
      this.#take(only)
    })
    byId('tools').addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      const buttons = this.#buttons()
      const at = buttons.indexOf(/** @type {any} */ (document.activeElement))
      if (event.key === 'ArrowDown') this.#move(event, buttons[at + 1])
      if (event.key === 'ArrowUp') this.#move(event, buttons[at - 1] ?? filter)
    })
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
      if (/** @type {any} */ (event.target).matches('input, textarea, select')) return
      event.preventDefault()
      filter.focus()
    })
  }

  /** @param {any[]} tools */
  show(tools) {
    this.#tools = tools
    this.#render()
  }

  /** @param {string} id */
  find(id) {
    return this.#tools.find((tool) => tool.id === id)
  }

  #buttons() {
    return /** @type {HTMLElement[]} */ ([...byId('tools').querySelectorAll('button')])
  }

  #found() {
    const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean)
    return this.#tools.filter(({ id, description }) => {
      const text = `${id} ${description ?? ''}`.toLowerCase()
      return words.every((/** @type {string} */ word) => text.includes(word))
    })
  }

  /** @param {Event} event @param {HTMLElement | undefined} to */
  #move(event, to) {
    event.preventDefault()
    to?.focus()
  }

  /** @param {any} tool */
  #take(tool) {
    this.#chosen = tool.id
    this.#render()
    this.#choose(tool)
  }

  #render() {
    const found = this.#found()
    byId('no-tools').hidden = found.length > 0
    byId('tools').replaceChildren(
      ...found.map((tool) => {
        const button = element('button', { type: 'button', aria: { current: tool.id === this.#chosen } }, [
          element('strong', {}, [tool.id]),
          ...(tool.description ? [element('span', {}, [tool.description])] : []),
        ])
        button.addEventListener('click', () => this.#take(tool))
        return element('li', {}, [button])
      }),
    )
  }
}
