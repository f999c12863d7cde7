/** Makes elements. Text is only ever set as text, and with its control characters visible: it may be a tool's. */

import { printableLines } from './printable.js'

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] of the element; `dataset` and `aria` are objects of their own
 * @param {Array<Node | string>} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, { dataset = {}, aria = {}, ...properties } = {}, children = []) {
  const made = document.createElement(tag)
  Object.assign(made, properties)
  for (const name of /** @type {const} */ (['title', 'placeholder'])) {
    if (name in properties) /** @type {any} */ (made)[name] = printableLines(String(properties[name]))
  }
  Object.assign(made.dataset, dataset)
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, printableLines(String(value)))
  made.append(...children.map((child) => (child instanceof Node ? child : printableLines(String(child)))))
  return made
}

/** Replaces what an element says. @param {Node} place @param {string} text */
export function say(place, text) {
  place.textContent = printableLines(text)
}

/** @param {string} id @returns {any} an element of the page */
export const byId = (id) => document.getElementById(id)

/** @param {number} ms */
export const duration = (ms) => (ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`)
