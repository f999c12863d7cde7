import process from 'node:process'

import { Manager } from '../../index.js'

/** Whether processes are forked wherever that is possible: `npm run forked-tests`. */
const FORKED = process.env.WARDEN_TEST_PROCESS_START === 'fork'

/**
 * A manager as the test asks for it. Where tests are run with forks and this one says nothing of it, each call waits for the origin
 * first, so that its process is forked.
 * @param {string} dir @param {import('../../index.d.ts').ManagerConfig} config
 */
export function openManager(dir, config) {
  if (!FORKED || config.processStart !== undefined) return new Manager(dir, config)
  const manager = new Manager(dir, { ...config, processStart: 'fork' })
  if (manager.stats().origin.state === 'unavailable') {
    // `ready()` would reject.
    void manager.close({ force: true })
    return new Manager(dir, { ...config, processStart: 'auto' })
  }
  const { executeTool } = manager
  let served
  manager.executeTool = (...call) => {
    const make = () => executeTool.apply(manager, call)
    if (!['starting', 'waiting'].includes(manager.stats().origin.state)) return make()
    served ??= manager.ready().catch(() => {})
    return served.then(make)
  }
  return manager
}
