/** Formats what was learnt of packages, for a terminal and as the table of docs/learn.md. */

import { cell } from '../packages/cell.mjs'

/** @typedef {import('./learn-package.mjs').Lesson} Lesson */

const BEGINS = '<!-- npm run learn -->'
const ENDS = '<!-- end -->'

/** @param {readonly string[]} flags */
const listed = (flags) => (flags.length === 0 ? 'none' : flags.join(' '))
/** @param {Lesson} lesson */
const suffices = ({ problem, enforced }) => problem === '' && enforced === ''
/** @param {readonly Lesson[]} lessons @param {(lesson: Lesson) => number} count */
const sum = (lessons, count) => lessons.reduce((total, lesson) => total + count(lesson), 0)

/** @param {Lesson} lesson */
export function line({ title, version, runtime, hand, learned, problem, enforced, idle }) {
  const found = problem !== '' ? `not learnt: ${problem}` : enforced !== '' ? `not enough: ${enforced}` : idle.length > 0 ? `not needed: ${listed(idle)}` : 'exact'
  return `${title.padEnd(28)} ${version.padEnd(10)} ${runtime.padEnd(5)} ${hand.length}/${learned.length}  ${listed(learned)}  [${found.slice(0, 400)}]\n`
}

/** How many flags these are with their values in lists. @param {readonly string[]} flags */
const kinds = (flags) => new Set(flags.map((flag) => flag.split('=', 1)[0])).size

/** @param {readonly Lesson[]} lessons */
function totals(lessons) {
  const learnt = lessons.filter(({ problem }) => problem === '')
  return {
    packages: new Set(lessons.map(({ name }) => name)).size,
    runs: lessons.length,
    learnt: learnt.length,
    enough: learnt.filter(suffices).length,
    flags: sum(learnt, ({ learned }) => kinds(learned)),
    values: sum(learnt, ({ learned }) => learned.length),
    idle: sum(learnt, ({ idle }) => idle.length),
    byHand: sum(learnt, ({ hand }) => kinds(hand)),
    valuesByHand: sum(learnt, ({ hand }) => hand.length),
  }
}

/** @param {readonly Lesson[]} lessons */
export function sentence(lessons) {
  const { packages, runs, learnt, enough, flags, values, idle, byHand, valuesByHand } = totals(lessons)
  return (
    `Of ${runs} runs of ${packages} packages ${learnt} could be learnt from, and with the learnt flags ${enough} of them work. The flags are ${flags} with ${values} values; a person ` +
    `wrote ${byHand} with ${valuesByHand}, which name a directory where the learnt ones name two of its files. ${idle === 0 ? 'Without any one of the values' : `Without any one of the values but ${idle}`} the run fails.`
  )
}

/** @param {readonly Lesson[]} lessons */
export function isRight(lessons) {
  const { runs, enough, flags, idle, byHand } = totals(lessons)
  return runs > 0 && enough === runs && idle === 0 && flags <= byHand
}

/** @param {string} page @param {readonly Lesson[]} lessons @param {string} when */
export function withTable(page, lessons, when) {
  const rows = lessons.map(({ title, version, runtime, hand, learned, problem, enforced, idle }) => {
    const enough = problem !== '' ? `not learnt: ${problem}` : enforced === '' ? 'yes' : `no: ${enforced}`
    return `| ${[title, version, runtime, listed(learned), enough, listed(idle), listed(hand)].map((text) => cell(text)).join(' | ')} |`
  })
  const table = `${BEGINS}\nMade by \`npm run learn\` on ${when}. ${sentence(lessons)}

| package | version | runtime | learnt | enough | not needed | by hand |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
${ENDS}`
  const [before, rest] = page.split(BEGINS)
  const after = rest?.split(ENDS)[1]
  if (before === undefined || after === undefined) throw new Error('docs/learn.md has no place for the table')
  return `${before}${table}${after}`
}
