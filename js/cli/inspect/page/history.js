/** The last executions. */

import { byId, duration, element } from './dom.js'
import { standing } from './execution.js'

/**
 * @param {any[]} executions the newest first
 * @param {string | undefined} shown the id of the one that is shown
 * @param {(execution: any) => void} choose
 */
export function showHistory(executions, shown, choose) {
  byId('no-history').hidden = executions.length > 0
  const place = byId('history')
  const focused = place.contains(document.activeElement) ? document.activeElement?.getAttribute('data-id') : undefined
  place.replaceChildren(
    ...executions.map((execution) => {
      const word = standing(execution)
      const button = element('button', { type: 'button', dataset: { id: execution.id }, aria: { current: execution.id === shown } }, [
        element('span', { className: 'dot', dataset: { standing: word }, title: word }),
        element('strong', {}, [execution.tool]),
        element('span', { className: 'quiet' }, [execution.took === undefined ? word : `${word}, ${duration(execution.took)}`]),
        element('time', { className: 'quiet' }, [new Date(execution.began).toLocaleTimeString()]),
      ])
      button.addEventListener('click', () => choose(execution))
      return element('li', {}, [button])
    }),
  )
  if (!focused) return
  /** @type {HTMLElement | null} */
  const again = place.querySelector(`[data-id="${CSS.escape(focused)}"]`)
  again?.focus()
}
