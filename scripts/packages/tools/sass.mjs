import { join } from 'node:path'
import { compileAsync } from 'sass'

export const job = async ({ data }) => (await compileAsync(join(data, 'main.scss'), { style: 'compressed' })).css
