/** A small chart of the last minute, drawn again with each sample. */

import { element } from './dom.js'

const SAMPLES = 120
const WIDTH = 240
const HEIGHT = 48
const SVG = 'http://www.w3.org/2000/svg'

export class Chart {
  /** @type {number[]} */ #values = []
  #line = document.createElementNS(SVG, 'path')
  #area = document.createElementNS(SVG, 'path')
  #now = element('output')
  #most = element('span', { className: 'quiet' })
  #shown

  /** @param {HTMLElement} place @param {string} name @param {(value: number) => string} shown */
  constructor(place, name, shown) {
    this.#shown = shown
    const svg = document.createElementNS(SVG, 'svg')
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
    svg.setAttribute('preserveAspectRatio', 'none')
    svg.setAttribute('aria-hidden', 'true')
    this.#area.setAttribute('class', 'area')
    this.#line.setAttribute('class', 'line')
    svg.append(this.#area, this.#line)
    const head = element('figcaption', {}, [element('span', {}, [name]), this.#now, this.#most])
    place.append(element('figure', { className: 'chart' }, [head, svg]))
    this.#draw()
  }

  /** @param {number} value */
  add(value) {
    this.#values.push(value)
    if (this.#values.length > SAMPLES) this.#values.shift()
    this.#draw()
  }

  #draw() {
    const most = Math.max(1, ...this.#values)
    const first = WIDTH - ((this.#values.length - 1) * WIDTH) / (SAMPLES - 1)
    const points = this.#values.map((value, at) => {
      const x = first + (at * WIDTH) / (SAMPLES - 1)
      return `${x.toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 6)).toFixed(1)}`
    })
    this.#line.setAttribute('d', points.length < 2 ? '' : `M${points.join('L')}`)
    this.#area.setAttribute('d', points.length < 2 ? '' : `M${first.toFixed(1)},${HEIGHT}L${points.join('L')}L${WIDTH},${HEIGHT}Z`)
    this.#now.textContent = this.#shown(this.#values.at(-1) ?? 0)
    this.#most.textContent = this.#values.length === 0 ? '' : `at most ${this.#shown(Math.max(...this.#values))}`
  }
}
