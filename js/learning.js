/** What a manager that learns says: docs/learn.md. */

import process from 'node:process'

let announced = false

/** Says once that nothing is enforced; the command line says it in its own words. */
export function announceLearning() {
  if (announced) return
  announced = true
  process.emitWarning('a manager learns which flags its tools need: what they do meanwhile is not enforced', {
    type: 'ToolwardenWarning',
    code: 'TOOLWARDEN_LEARN',
  })
}

/** The caller has said it. */
export function learningIsAnnounced() {
  announced = true
}

/** @param {import('./native-interface.d.ts').NativeManager} native @returns {Record<string, import('../index.d.ts').LearnedTool>} */
export const lessonsOf = (native) => JSON.parse(native.learned() ?? '{}')

/** @param {Record<string, import('../index.d.ts').LearnedTool>} lessons */
export const flagsOf = (lessons) => Object.fromEntries(Object.entries(lessons).map(([id, { flags }]) => [id, flags]))
