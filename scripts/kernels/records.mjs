/**
 * What the programs of `npm run kernels` showed, one record for each program, user and kernel. A kernel's rows are made of all of its
 * records, so that they may come from several runs that each took a part. Pure.
 */

/**
 * @typedef {object} Record
 * @property {string} kernel by its name in the list
 * @property {string} release
 * @property {'root' | 'user'} who
 * @property {string} suite the column
 * @property {string} name of the program or file
 * @property {string} day
 * @property {boolean} good
 * @property {number} passed
 * @property {number} failed
 * @property {number} [succeeded] attacks that did
 * @property {number} [twins] twins that worked
 * @property {string} [shown] what the table quotes
 */

/** What of a told line is kept. */
const KEPT = /** @type {const} */ (['who', 'suite', 'name', 'good', 'passed', 'failed', 'succeeded', 'twins', 'shown'])

/** @param {{ kernel: string, release: string, day: string }} where @param {any} told a line of the machine @returns {Record} */
export const recordOf = ({ kernel, release, day }, told) =>
  /** @type {any} */ ({ kernel, release, day, ...Object.fromEntries(KEPT.filter((key) => told[key] !== undefined).map((key) => [key, told[key]])) })

/** @param {Record} record */
const keyOf = ({ kernel, who, suite, name }) => [kernel, who, suite, name].join('\0')

/**
 * A record takes the place of an earlier one of the same program. What the same user saw of another release of the kernel goes: a row is
 * of one release.
 * @param {Record[]} records @param {Record} added
 */
export const withRecord = (records, added) =>
  [
    ...records.filter((one) => keyOf(one) !== keyOf(added) && (one.kernel !== added.kernel || one.who !== added.who || one.release === added.release)),
    added,
  ].toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))

/** Whether a program has a record on this release. @param {Record[]} records @param {Omit<Record, 'day' | 'good' | 'passed' | 'failed'>} what */
export const hasRecord = (records, what) => records.some((one) => one.release === what.release && keyOf(one) === keyOf(/** @type {Record} */ (what)))

/** One line each, so that a change shows what was run. @param {Record[]} records */
export const textOf = (records) => `[\n${records.map((record) => JSON.stringify(record)).join(',\n')}\n]\n`
