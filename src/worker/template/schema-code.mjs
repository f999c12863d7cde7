/**
 * Locates the schema pieces: they are a comment at the end of this file, which costs the runtime almost nothing until
 * it is read. A precompiled worker file contains them as a function, and this piece not at all.
 */
import { bun, builtin, FunctionOf, indexOf, slice, urlOf } from './primordials.mjs'

/** Concatenated, so that the text occurs in one place of the file. */
const COMMENT_START = `/*${' schemas'}\n`
const COMMENT_END = '*/\n'

/** @returns {Promise<Function>} of the parts they use */
export async function schemaCode() {
  const url = urlOf(import.meta.url)
  const text = bun ? await bun.file(url).text() : builtin('fs').readFileSync(url, 'utf8')
  const source = slice(text, indexOf(text, COMMENT_START) + COMMENT_START.length, -COMMENT_END.length)
  // Node can be configured to reject code from strings, except in its vm module.
  return bun ? new FunctionOf('parts', source) : (await import('node:vm')).compileFunction(source, ['parts'])
}
