/** The first line of a text as a cell of a Markdown table, at most so many characters of it. @param {string} text */
export const cell = (text, most = 240) => text.split('\n', 1)[0]?.slice(0, most).replaceAll('|', '\\|').replaceAll('<', '&lt;') ?? ''
