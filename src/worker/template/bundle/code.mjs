/** For the type checker: `compile_script` puts the worker's code in its place. */
export const code = ''
