/** The lines on stderr about a wrapped program, beside what the program itself prints. */

import { printable } from '../../printable.js'
import { addFlags, NO_NARROW_FLAG } from '../hints.js'

/** @typedef {import('../../native-interface.d.ts').NativeWrapEvent} NativeWrapEvent */

/**
 * @param {{ permission: string, resource: string, flag: string }} denial
 * @param {boolean} byDefault whether no flag was given: the first one takes the default away
 */
function denied({ permission, resource, flag }, byDefault) {
  const to = resource === '' ? '' : ` to ${printable(resource)}`
  const what = `denied ${permission} access${to}`
  if (flag === '' || printable(flag) !== flag) return `${what}; ${NO_NARROW_FLAG}`
  return `${what}; ${addFlags(byDefault ? ['--allow-read', flag] : [flag])}`
}

/**
 * @param {NativeWrapEvent} event
 * @param {boolean} byDefault see above
 * @returns {string | undefined} undefined where there is nothing to tell
 */
export function eventText(event, byDefault) {
  switch (event.kind) {
    case 'denied':
      return denied(event, byDefault)
    case 'unlisted':
      return 'further denials are not listed'
    case 'ending':
      return `ended, because ${event.why}; ${event.hint}`
    default:
      return undefined
  }
}
