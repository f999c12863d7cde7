/**
 * Writes pieces of TypeScript source. Their content comes from tools, so it must not be able to end a comment or a
 * string.
 */

import { printable } from '../printable.js'

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** @param {string} text a string literal: its JSON, in which what is not printable is escaped the same way */
export const literal = (text) => printable(JSON.stringify(text))

/** @param {string} name */
export const propertyName = (name) => (IDENTIFIER.test(name) ? name : literal(name))

/** @param {unknown} text @param {string} indent */
export function docComment(text, indent) {
  if (typeof text !== 'string' || text.trim() === '') return ''
  const lines = text.trim().replaceAll('*/', '*\\/').split(/\r\n|[\n\r\u2028\u2029]/).map(printable)
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}
