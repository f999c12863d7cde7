/** For the type checker: `compile_script` puts the worker's code in its place. */
export const code = ''
/** Absolute path, where there is one. @type {string | null} */
export const entrypoint = null
