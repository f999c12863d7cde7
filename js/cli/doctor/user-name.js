import os from 'node:os'
import process from 'node:process'

/** The user's name and number; containers often run as a number that no name is known for. */
export function userName() {
  try {
    const { username, uid } = os.userInfo()
    return `${username} (${uid})`
  } catch {
    return `no name (${process.getuid?.() ?? 'unknown'})`
  }
}
