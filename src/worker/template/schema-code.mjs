/**
 * Where the pieces for schemas are: a comment at the end of this file, which costs the runtime next to nothing until it is
 * read from there. A worker file that is compiled before it runs has them as a function, and this piece not at all.
 */
import { bun, builtin, FunctionOf, indexOf, slice, urlOf } from './primordials.mjs'

/** Put together here, so that it is found in one place. */
const COMMENT_START = `/*${' schemas'}\n`
const COMMENT_END = '*/\n'

/** @returns {Promise<Function>} of the parts they use */
export async function schemaCode() {
  const url = urlOf(import.meta.url)
  const text = bun ? await bun.file(url).text() : builtin('fs').readFileSync(url, 'utf8')
  const source = slice(text, indexOf(text, COMMENT_START) + COMMENT_START.length, -COMMENT_END.length)
  // Node can be told to refuse code from strings, but for its vm module.
  return bun ? new FunctionOf('parts', source) : (await import('node:vm')).compileFunction(source, ['parts'])
}
