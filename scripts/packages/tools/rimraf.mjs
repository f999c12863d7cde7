import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rimraf } from 'rimraf'

export async function job({ out }) {
  mkdirSync(join(out, 'a/b'), { recursive: true })
  writeFileSync(join(out, 'a/b/c.txt'), 'c')
  await rimraf(join(out, 'a'))
  return existsSync(join(out, 'a'))
}
