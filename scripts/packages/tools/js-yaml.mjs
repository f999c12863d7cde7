import { dump, load } from 'js-yaml'

export const job = () => load(dump({ a: [1, 2], b: 'text' }))
