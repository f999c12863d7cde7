import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'cheerio'

export function job({ data }) {
  const $ = load(readFileSync(join(data, 'page.html'), 'utf8'))
  return $('li').map((index, item) => `${index} ${$(item).text()}`).get()
}
