/**
 * Tells which tests failed, from what each test runner prints. The end of a long run is often all that is kept of it, and counts
 * alone do not tell where to look.
 */

/** @typedef {{ name: string, why: string, file?: string }} Failure `file`: of JavaScript tests */

/** Lines of an error that are kept: what was expected and the first places, without the test runner's own part of the stack. */
const LINES_OF_AN_ERROR = 12

/** @param {string} text */
function firstLines(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*at .*node:internal/.test(line))
  return lines.slice(0, LINES_OF_AN_ERROR).join('\n')
}

/**
 * Node repeats every failed test after its counts, with its place. That may be a file that several test files use, so whoever runs each file
 * by itself puts a line with its name before its output, as Bun prints it; what stands before such a line is of no known file.
 * @param {string} text
 * @returns {Failure[]}
 */
export function nodeFailures(text) {
  // Names stand at the odd places.
  const parts = text.split(/^(\S+\.test\.mjs):$/m)
  return parts.flatMap((part, index) => (index % 2 === 0 ? failuresOfFile(part, parts[index - 1]) : []))
}

/** @param {string} text @param {string | undefined} file @returns {Failure[]} */
function failuresOfFile(text, file) {
  const list = text.split(/^\S+ failing tests:$/m).slice(1).join('\n')
  return [...list.matchAll(/^test at (\S+)\n\S+ (.*?)(?: \([\d.]+ms\))?\n((?:[ \t].*\n?|\n(?!test at))*)/gm)]
    .map(([, place, name, error]) => ({ name: `${place}: ${name}`, why: firstLines(error ?? ''), ...(file === undefined ? {} : { file }) }))
}

/**
 * Bun prints the error before the line of its test, and repeats the lines without the errors at the end when there are many tests.
 * @param {string} text
 * @returns {Failure[]}
 */
export function bunFailures(text) {
  /** @type {Map<string, Failure>} */
  const found = new Map()
  let file = ''
  /** @type {string[]} */
  let before = []
  for (const line of text.split('\n')) {
    const failed = /^(?:\(fail\)|✗) (.*?)(?: \[[\d.]+m?s\])?$/.exec(line)?.[1]
    if (/^\S+\.test\.mjs:$/.test(line)) {
      file = line
      before = []
    } else if (/^\d+ tests? failed:$/.test(line)) break
    else if (failed !== undefined) {
      const name = `${file} ${failed}`
      if (!found.has(name)) found.set(name, { name, why: firstLines(before.join('\n')), file: file.slice(0, -1) })
      before = []
    } else if (/^(?:\((?:pass|skip|todo)\)|✓) /.test(line)) before = []
    else before.push(line)
  }
  return [...found.values()]
}

/** Nextest prints the line of a failed test where it ends and again in its summary. @param {string} text @returns {Failure[]} */
export function nextestFailures(text) {
  const names = [...text.matchAll(/^ *(?:FAIL|TIMEOUT|SIG\w+|ABORT|LEAK-FAIL)\b[^\]]*\](?: *\([^)]*\))? +(.*)$/gm)].map(([, name]) => name ?? '')
  return [...new Set(names)].map((name) => ({ name, why: '' }))
}

/** Cargo prints what each failed test printed in a block before its summary. @param {string} text @returns {Failure[]} */
export const cargoTestFailures = (text) =>
  [...text.matchAll(/^test (\S+) \.\.\. FAILED$/gm)].map(([, name = '']) => {
    const [, block = ''] = text.split(`\n---- ${name} stdout ----\n`)
    return { name, why: firstLines(block.split(/\n(?:---- \S+ stdout ----|failures:)\n/)[0] ?? '') }
  })
