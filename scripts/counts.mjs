/** Counts the tests that ran, from what each test runner prints at its end. */

/** @typedef {{ passed: number, failed: number, notRun: number }} Counts */

/** @param {string} text @param {RegExp} pattern the number is its first group */
function sum(text, pattern) {
  let total = 0
  for (const [, number] of text.matchAll(pattern)) total += Number(number)
  return total
}

/** @param {string} text @returns {Counts} */
export const nodeCounts = (text) => ({
  passed: sum(text, /^\S+ pass (\d+)$/gm),
  failed: sum(text, /^\S+ (?:fail|cancelled) (\d+)$/gm),
  notRun: sum(text, /^\S+ (?:skipped|todo) (\d+)$/gm),
})

/** @param {string} text @returns {Counts} */
export const bunCounts = (text) => ({
  passed: sum(text, /^ *(\d+) pass$/gm),
  failed: sum(text, /^ *(\d+) (?:fail|errors?)$/gm),
  notRun: sum(text, /^ *(\d+) (?:skip|todo)$/gm),
})

/** @param {string} text @returns {Counts} */
export const nextestCounts = (text) => {
  const summary = text.match(/^ *Summary .*$/gm)?.at(-1) ?? ''
  return {
    passed: sum(summary, /(\d+) passed/g),
    failed: sum(summary, /(\d+) (?:failed|timed out|exec failed)/g),
    notRun: sum(summary, /(\d+) skipped/g),
  }
}

/** @param {string} text @returns {Counts} */
export const cargoTestCounts = (text) => ({
  passed: sum(text, /^test result: .* (\d+) passed/gm),
  failed: sum(text, /^test result: .* (\d+) failed/gm),
  notRun: sum(text, /^test result: .* (\d+) ignored/gm),
})
