import assert from 'node:assert/strict'

import './about-the-sandbox.mjs'
import { failure } from './outcomes.mjs'
import { bounded } from './waiting.mjs'

/** No access needs more flags than this. */
const MOST_HINTS = 4

/** The flag that a denial's hint advises to add. */
export const flagOf = (error) => /add (-\S+) to `/.exec(error.hint)?.[1]

/** Calls tools of one project, each time with flags of its own. */
export function caller(bench, project, { config = {}, option = 'bunPermissions' } = {}) {
  /** Opens a manager with the flags, calls the tool once, and returns the promises of the call and of its record. */
  const start = (flags, tool, input) => {
    const manager = bench.open(project, { minWorkers: 0, ...config, [option]: flags })
    const recorded = new Promise((resolve) => manager.on('execution', resolve))
    return { manager, result: manager.executeTool(tool, input), recorded: bounded(recorded, 'the record of a call') }
  }

  const succeeds = (flags, tool, input) => bounded(start(flags, tool, input).result, `${tool} to end`)

  /** The denial that a call fails with, and the denials in its record. */
  const denied = async (flags, tool, input) => {
    const { result, recorded } = start(flags, tool, input)
    const error = await failure(result)
    assert.equal(error.code, 'ERR_ACCESS_DENIED', `${error.code}: ${error.message}`)
    const { denials, code } = await recorded
    assert.equal(code, 'ERR_ACCESS_DENIED')
    return { error, denials }
  }

  const fails = async (flags, tool, input) => {
    const { result, recorded } = start(flags, tool, input)
    const error = await failure(result)
    return { error, denials: (await recorded).denials }
  }

  /**
   * Calls with these flags, and again with the flag that each denial's hint names, until the call succeeds. Returns the
   * flags from the hints and the value.
   */
  const follows = async (flags, tool, input) => {
    const hinted = []
    for (let round = 0; round <= MOST_HINTS; round += 1) {
      const { result } = start([...flags, ...hinted], tool, input)
      try {
        return { hinted, value: await bounded(result, `${tool} to end`) }
      } catch (error) {
        const flag = flagOf(error)
        assert.equal(error.code, 'ERR_ACCESS_DENIED', `after ${hinted.join(' ') || 'no hint'}: ${error.code}: ${error.message}`)
        assert.ok(flag && !hinted.includes(flag), `after ${hinted.join(' ')}: ${error.hint}`)
        hinted.push(flag)
      }
    }
    assert.fail(`${tool} was denied something after ${MOST_HINTS} hints: ${hinted.join(' ')}`)
  }

  return { start, succeeds, denied, fails, follows }
}
