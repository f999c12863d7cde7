/** The form of one tool. */

import { element, say } from './dom.js'
import { FieldError, object, simplified } from './form-fields.js'

export class ToolForm {
  #form
  /** @type {HTMLTextAreaElement} */ #json
  /** @type {{ element: HTMLElement, read: () => unknown, count: number } | undefined} */ #fields
  /** @type {HTMLInputElement | undefined} */ #asJson
  #problem = element('p', { className: 'problem' })
  #timeout = element('input', { type: 'text', id: 'timeout', placeholder: 'as configured', autocomplete: 'off', size: 12 })

  /**
   * @param {HTMLFormElement} before the form of the tool that was shown before
   * @param {any} tool
   * @param {(input: unknown, timeout: string) => void} run
   */
  constructor(before, tool, run) {
    const form = element('form', { id: before.id })
    this.#form = form
    this.#problem.setAttribute('role', 'alert')
    const schema = simplified(tool.inputSchema, tool.inputSchema, 0)
    if (schema?.type === 'object' && schema.properties !== undefined) this.#fields = object(schema, tool.inputSchema, 0)
    this.#json = element('textarea', { rows: 6, className: 'json', spellcheck: false, id: 'json-input', placeholder: '{"name": "value"}' })
    const jsonField = element('div', { className: 'field' }, [element('label', { htmlFor: 'json-input' }, ['Input as JSON']), this.#json])
    jsonField.hidden = this.#fields !== undefined
    const start = element('button', { type: 'submit', className: 'main', id: 'run', title: 'Ctrl+Enter' }, ['Run'])
    const row = element('div', { className: 'actions' }, [start])
    if (this.#fields !== undefined) row.append(this.#switch(this.#fields, jsonField))
    row.append(element('label', { className: 'inline' }, ['Timeout ', this.#timeout]))
    form.append(...(this.#fields === undefined ? [] : [this.#fields.element]), jsonField, this.#problem, row)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit(run)
    })
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      // Browsers submit by themselves from some fields.
      event.preventDefault()
      form.requestSubmit()
    })
    before.replaceWith(form)
  }

  /** @param {{ element: HTMLElement, read: () => unknown }} fields @param {HTMLElement} jsonField */
  #switch(fields, jsonField) {
    const asJson = element('input', { type: 'checkbox' })
    this.#asJson = asJson
    asJson.addEventListener('change', () => {
      if (asJson.checked) this.#json.value = JSON.stringify(this.#readable(fields), null, 2)
      fields.element.hidden = asJson.checked
      jsonField.hidden = !asJson.checked
    })
    return element('label', { className: 'inline' }, [asJson, ' as JSON'])
  }

  /** @param {{ read: () => unknown }} fields */
  #readable(fields) {
    try {
      return fields.read()
    } catch {
      return {}
    }
  }

  focus() {
    const field = ':is(input, select, textarea):not([hidden] *)'
    /** @type {HTMLElement | null} */
    const first = this.#form.querySelector(this.#fields?.count === 0 ? '#run' : field)
    first?.focus()
  }

  #read() {
    if (this.#fields !== undefined && !this.#asJson?.checked) return this.#fields.read()
    const text = this.#json.value.trim()
    if (text === '') return undefined
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new FieldError(`not JSON: ${/** @type {Error} */ (error).message}`, this.#json)
    }
  }

  /** @param {(input: unknown, timeout: string) => void} run */
  #submit(run) {
    for (const wrong of this.#form.querySelectorAll('[aria-invalid]')) wrong.removeAttribute('aria-invalid')
    say(this.#problem, '')
    try {
      run(this.#read(), this.#timeout.value.trim())
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      say(this.#problem, error.message)
      error.input.setAttribute('aria-invalid', 'true')
      error.input.focus()
    }
  }
}
