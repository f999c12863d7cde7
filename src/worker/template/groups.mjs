/**
 * The confinement group of this process: it runs the tools of its group only, whatever it is asked for. Everything that
 * decides is read before any code of a tool runs.
 */
import { environment, hasOwn, parseInteger, slice } from './primordials.mjs'
import { GROUP_VARIABLE } from './protocol.mjs'
import { settings } from './settings.mjs'

const ownGroup = takeGroup()

/** A program that a tool starts has nothing to do with it, so it does not stay in the environment. */
function takeGroup() {
  if (!hasOwn(environment, GROUP_VARIABLE)) return 0
  const group = parseInteger(/** @type {string} */ (environment[GROUP_VARIABLE]), 10)
  delete environment[GROUP_VARIABLE]
  return group
}

/** Groups by tool id. @type {Record<string, number>} */
const groupsOfIds = /** @type {any} */ ({ __proto__: null })
/** The longest first. */
const { ids: groupIds, beginnings: groupBeginnings } = settings.groups
for (let i = 0; i < groupIds.length; i++) groupsOfIds[groupIds[i].id] = groupIds[i].group

/** The group of a tool; 0 is the manager's own. @param {string} id */
function groupOf(id) {
  const group = groupsOfIds[id]
  if (group !== undefined) return group
  for (let i = 0; i < groupBeginnings.length; i++) {
    const { id: beginning, group: ofBeginning } = groupBeginnings[i]
    if (slice(id, 0, beginning.length) === beginning) return ofBeginning
  }
  return 0
}

/** Whether this process may run the tool. @param {string} id */
export const isOfGroup = (id) => groupOf(id) === ownGroup
