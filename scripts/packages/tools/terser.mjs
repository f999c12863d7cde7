import { minify } from 'terser'

export const job = async () => (await minify('function add(first, second) { return first + second } add(1, 2)', { toplevel: true })).code
