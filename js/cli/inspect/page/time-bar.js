/** Where the time of one execution went. */

import { duration, element } from './dom.js'

/** @param {{ queueTime: number, startTime: number, executionTime: number }} record */
export function timeBar({ queueTime, startTime, executionTime }) {
  const parts = [
    { name: 'queue', ms: Math.max(0, queueTime - startTime) },
    { name: 'start', ms: startTime },
    { name: 'run', ms: executionTime },
  ]
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0) || 1
  const bar = element('div', { className: 'bar', aria: { hidden: true } })
  const legend = element('ul', { className: 'legend' })
  for (const { name, ms } of parts) {
    const piece = element('span', { className: name })
    piece.style.flexGrow = String(ms / whole)
    bar.append(piece)
    legend.append(element('li', { className: name }, [`${name} ${duration(ms)}`]))
  }
  return element('div', { className: 'times', aria: { label: 'Time' } }, [bar, legend])
}
