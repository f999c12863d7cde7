/** `--watch`: loads the served tools again when their sources change. */

import { printable } from '../../printable.js'
import { findEntrypoint } from '../entrypoint.js'
import { reportError } from '../report-error.js'
import { openManager } from '../with-manager.js'
import { ReloadingManager } from './reloading-manager.js'
import { watchSources } from './watch-sources.js'

/** @param {ReloadingManager} reloading @param {string} entrypoint @param {import('../terminal.js').Terminal} terminal */
async function reload(reloading, entrypoint, terminal) {
  try {
    const count = await reloading.reload()
    if (count !== undefined) terminal.note(`loaded ${printable(entrypoint)} again: ${count} ${count === 1 ? 'tool' : 'tools'}`)
  } catch (error) {
    if (reloading.closed) return
    reportError(error, terminal)
    terminal.note('the tools from before the change are still served')
  }
}

/**
 * @param {import('../context.d.ts').Context} context
 * @param {import('../with-manager.js').Given} given what the manager was opened with
 * @param {import('../../../index.d.ts').Manager} manager
 * @param {(served: ReloadingManager) => Promise<void>} serve
 */
export async function whileWatched(context, given, manager, serve) {
  // `--trust` accepted the settings file as it was at the start, so a changed file is not trusted.
  const again = { ...given, options: { ...given.options, trust: false } }
  const reloading = new ReloadingManager(manager, () => openManager(context, again))
  const forget = context.interrupts.whenForced(() => void reloading.close())
  const { entrypoint } = given
  const stop = watchSources(findEntrypoint(entrypoint, context.cwd), () => void reload(reloading, entrypoint, context.terminal))
  try {
    await serve(reloading)
  } finally {
    stop()
    await reloading.close()
    forget()
  }
}
