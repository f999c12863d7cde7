/** For the type checker: `compile_script` replaces this by the worker's code. */
export const code = ''
/** Absolute path of the entrypoint, where there is one. @type {string | null} */
export const entrypoint = null
