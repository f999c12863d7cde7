/**
 * An option that is either the same for all units of work or made from each.
 * @template Work, Value
 * @param {Value | ((work: Work) => Value)} option
 * @param {Work} work
 * @returns {Value}
 */
export const givenFor = (option, work) => (typeof option === 'function' ? /** @type {(work: Work) => Value} */ (option)(work) : option)
