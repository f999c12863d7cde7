import { join } from 'node:path'
import ejs from 'ejs'

export const job = ({ data }) => ejs.renderFile(join(data, 'page.ejs'), { name: 'Ada' })
