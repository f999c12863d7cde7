import { nanoid } from 'nanoid'

export const job = () => [nanoid().length, new Set(Array.from({ length: 100 }, () => nanoid())).size]
