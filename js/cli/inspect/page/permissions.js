/** What was denied to an execution, with what can be done about it, and the permissions in force. */

import { ask } from './connection.js'
import { byId, element, say } from './dom.js'

/** @param {string[]} flags */
export function showPermissions(flags) {
  byId('permissions').replaceChildren(...flags.map((flag) => element('li', {}, [element('code', {}, [flag])])))
}

/** A flag with a list: the command allows no wider one from here. @param {string} flag */
const isNarrow = (flag) => /^--allow-[a-z-]+=./.test(flag)

/**
 * @param {any} execution
 * @param {{ list: string[], canRemember: boolean }} tool as it is now
 * @param {() => void} allowed
 */
export function denialList(execution, { list, canRemember }, allowed) {
  const status = element('p', { className: 'quiet' })
  status.setAttribute('role', 'status')
  const items = execution.record.denials.map((/** @type {any} */ { permission, resource, flag }) => {
    const text = element('p', {}, ['denied ', element('strong', {}, [permission]), resource === '' ? '' : ` ${resource}`])
    const item = element('li', {}, [text])
    if (list.includes(flag)) item.append(element('p', { className: 'quiet' }, ['allowed meanwhile: run it again']))
    else if (isNarrow(flag)) item.append(...buttons(execution.id, flag))
    else item.append(element('p', { className: 'quiet' }, ['only a flag that allows much more would allow this; give it on the command line']))
    return item
  })

  /** @param {string} id @param {string} flag */
  function buttons(id, flag) {
    /** @param {boolean} always @param {string} label */
    const button = (always, label) => {
      const made = element('button', { type: 'button', className: 'small' }, [label])
      made.addEventListener('click', async () => {
        say(status, 'allowing ...')
        try {
          const { wrote, problem } = await ask('allow', { id, flag, always })
          say(status, wrote === undefined ? 'allowed for this session' : `wrote ${wrote}${problem === undefined ? '' : `; ${problem}`}`)
          allowed()
        } catch (error) {
          say(status, /** @type {Error} */ (error).message)
        }
      })
      return made
    }
    const row = [button(false, 'Allow for this session')]
    if (canRemember) row.push(button(true, 'Allow always (writes toolwarden.json)'))
    return [element('code', {}, [flag]), element('div', { className: 'actions' }, row)]
  }
  return element('section', { className: 'denials', aria: { label: 'Denied' } }, [element('h3', {}, ['Denied']), element('ul', {}, items), status])
}
