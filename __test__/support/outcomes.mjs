import assert from 'node:assert/strict'

import { bounded } from './waiting.mjs'

/** The error a promise rejects with; fails when it resolves. */
export async function failure(promise) {
  let value
  try {
    value = await bounded(promise, 'a call to fail')
  } catch (error) {
    if (String(error.message).startsWith('hung: ')) throw error
    return error
  }
  assert.fail(`resolved to ${JSON.stringify(value)} where a failure was due`)
}

/** The error a function throws; fails when it returns. */
export function thrown(action) {
  try {
    action()
  } catch (error) {
    return error
  }
  assert.fail('returned where an error was due')
}

/** All texts of an error that a person or a log could see, joined. */
export function everythingIn(error) {
  const seen = new Set()
  const walk = (value) => {
    if (typeof value !== 'object' || value === null) return String(value)
    if (seen.has(value)) return ''
    seen.add(value)
    return Reflect.ownKeys(value)
      .map((key) => `${String(key)}: ${walk(value[key])}`)
      .join('\n')
  }
  return walk(error)
}
