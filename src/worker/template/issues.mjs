/**
 * The issues that a schema found, bounded: a list of thousands of bad items, or a key of a megabyte, must not become an
 * answer that is too large for the host.
 */
import { isArray, join, jsonStringify, match, push, slice, StringOf, toWellFormed } from './primordials.mjs'
import { asText, isObject } from './values.mjs'

/** @typedef {{ path: string, message: string }} Issue */

export const MAX_ISSUES = 100
const MAX_ISSUE_TEXT = 1000
/** The number of issues in the message for people. */
const MAX_SHOWN = 10
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/** @param {string} text */
export const shortened = (text) => toWellFormed(text.length > MAX_ISSUE_TEXT ? `${slice(text, 0, MAX_ISSUE_TEXT)}...` : text)

/** @param {string} path @param {unknown} message @returns {Issue} */
export const issueOf = (path, message) => /** @type {any} */ ({ __proto__: null, path: shortened(path), message: shortened(asText(message)) })

/**
 * A path as JavaScript would write it: `items[0].price`, `["content-type"]`; empty for the value itself. Numbers are
 * indexes.
 * @param {unknown} keys keys, or objects with a `key`: a Standard Schema's path
 */
export function pathText(keys) {
  if (!isArray(keys)) return ''
  let text = ''
  for (let i = 0; i < keys.length && text.length <= MAX_ISSUE_TEXT; i++) {
    const key = isObject(keys[i]) ? keys[i].key : keys[i]
    if (typeof key === 'number') text += `[${key}]`
    else if (typeof key === 'string' && match(IDENTIFIER, key) === null) text += `[${jsonStringify(key)}]`
    else text += text === '' ? StringOf(key) : `.${StringOf(key)}`
  }
  return text
}

/** Converts the issues of a Standard Schema or of zod. @param {any[]} found @returns {Issue[]} */
export function issuesFrom(found) {
  /** @type {Issue[]} */
  const issues = []
  for (let i = 0; i < found.length && i < MAX_ISSUES; i++) {
    const { path, message } = found[i]
    push(issues, issueOf(pathText(path), message))
  }
  // A schema that rejects without a reason has still rejected.
  if (issues.length === 0) push(issues, issueOf('', 'is not valid'))
  return issues
}

/** The body of an answer that reports the issues. @param {'input' | 'output'} side @param {Issue[]} issues */
export function refusalText(side, issues) {
  /** @type {string[]} */
  const lines = []
  for (let i = 0; i < issues.length && i < MAX_SHOWN; i++) push(lines, issues[i].path === '' ? issues[i].message : `${issues[i].path}: ${issues[i].message}`)
  const more = issues.length > MAX_SHOWN ? `; and ${issues.length - MAX_SHOWN} more` : ''
  const what = side === 'input' ? 'the input' : 'the result'
  const message = jsonStringify(`${what} does not match the tool's schema: ${join(lines, '; ')}${more}`)
  let list = ''
  for (let i = 0; i < issues.length; i++) list += (i > 0 ? ',' : '') + jsonStringify(issues[i])
  return `{"message":${message},"issues":[${list}]}`
}
