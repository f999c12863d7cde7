/** Freezes a value and everything in it. @template T @param {T} value @returns {T} */
export function deepFreeze(value) {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
