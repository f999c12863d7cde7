/** Where a page of the documentation is: a bundle has no files of this package beside it, and a command need not stand in its directory. */

/** @param {string} page file name below docs/, without its ending */
export const documentation = (page) => `https://github.com/toolwarden/toolwarden/blob/main/docs/${page}.md`
