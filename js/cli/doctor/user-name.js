import os from 'node:os'
import process from 'node:process'

/** The user's name and number; containers often run as a number that no name is known for. */
export function userName() {
  return `${name() ?? 'no name'} (${process.getuid?.() ?? 'unknown'})`
}

function name() {
  try {
    const { username } = os.userInfo()
    // Bun gives a name where Node throws.
    return username === 'unknown' ? null : username
  } catch {
    return null
  }
}
