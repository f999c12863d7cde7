/** Pieces of TypeScript source. */

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** @param {string} text a string literal; its JSON is one, but for two line separators that old parsers refuse */
export const literal = (text) => JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')

/** @param {string} name */
export const propertyName = (name) => (IDENTIFIER.test(name) ? name : literal(name))

/** @param {unknown} text @param {string} indent */
export function docComment(text, indent) {
  if (typeof text !== 'string' || text.trim() === '') return ''
  const lines = text.trim().replaceAll('*/', '*\\/').split(/\r\n|[\n\r\u2028\u2029]/)
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}
