/**
 * Bun's permission flags and the options of Node that mean the same. src/config/permissions/node_words.rs has the same words for
 * the core; a test compares the two.
 */

/** @type {ReadonlyMap<string, string>} */
export const NODE_FLAGS = new Map([
  ['--allow-read', '--allow-fs-read'],
  ['--allow-write', '--allow-fs-write'],
  ['--allow-run', '--allow-child-process'],
])

/** Bun's short forms of flags that Node writes in another way, or only in full. @type {ReadonlyMap<string, string>} */
const SHORT_FORMS = new Map([
  ['-R', '--allow-read'],
  ['-W', '--allow-write'],
  ['-N', '--allow-net'],
])

/**
 * A flag of Bun's in Node's words. A list of programs stays as it is, because Node has none: the core says so.
 * @param {string} flag
 */
export function nodeFlag(flag) {
  const [, given = '', list] = /** @type {RegExpExecArray} */ (/^([^=]*)(=.*)?$/s.exec(flag))
  const name = SHORT_FORMS.get(given) ?? given
  if (name === '--allow-run' && list !== undefined) return flag
  const word = NODE_FLAGS.get(name) ?? name
  return word.startsWith('--allow-fs-') ? `${word}${list ?? '=*'}` : `${word}${list ?? ''}`
}

/**
 * The same where any program is better than none.
 * @param {string} flag
 */
export const nodeFlagForAnyProgram = (flag) => nodeFlag(flag.replace(/^--allow-run=.*/s, '--allow-run'))
