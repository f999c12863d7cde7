/** The input of every call, and the right answer to it: about a hundred bytes each way. */

const note = 'a note of about the length that the arguments of a real tool call have, no more'

export const INPUT = Object.freeze({ a: 2, b: 3, note })
export const RESULT = Object.freeze({ sum: 5, note })
