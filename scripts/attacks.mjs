/**
 * Tries every attack of `__test__/attacks` with its twin, from a host on Node and from one on Bun, as root and as an ordinary user,
 * with Bun and with Node running the tool, and writes the counts into docs/security.md. Root only.
 *
 *     npm run attacks -- [PATTERN]     only modules with these letters in their names; writes nothing
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { compile } from '../__test__/support/attack-natives.mjs'
import { hostNode, root } from './run.mjs'

/** A user and a group without entries in the user database. */
const ORDINARY = 54_321
/** The longest run of one module. */
const BOUND_MS = 300_000
const PAGE = join(root, 'docs/security.md')

const HOSTS = { Node: hostNode, Bun: join(root, 'node_modules/bun/bin/bun.exe') }
const USERS = { root: [], 'an ordinary user': ['setpriv', `--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups'] }
const RUNTIMES = { bun: 'Bun', node: 'Node' }

if (process.getuid?.() !== 0) {
  console.error('error: run as root: the attacks are tried as an ordinary user too')
  process.exit(2)
}
compile()
const pattern = process.argv[2] ?? ''
const modules = readdirSync(join(root, '__test__/attacks')).filter((name) => !name.endsWith('.test.mjs') && name.includes(pattern))
const program = join(root, '__test__/support/attacks-as-user.mjs')
const rows = ['| host | user | tool in | attacks | succeeded | twins | twins that worked |', '|---|---|---|---|---|---|---|']
/** @type {string[]} */
const failures = []

/** @param {string[]} words @param {string} module @returns {Record<string, any>} */
function results(words, module) {
  const [command = '', ...args] = [...words, program, join(root, '__test__/attacks', module)]
  const env = { ...process.env, ...(words.length > 1 ? { HOME: '/nonexistent' } : {}) }
  const { stdout, stderr, status } = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: BOUND_MS, maxBuffer: 2 ** 26, env })
  const line = stdout?.split('\n').findLast((text) => text.startsWith('{'))
  return line === undefined ? { [`${module} [bun]`]: { broken: `status ${status}: ${stderr}` } } : JSON.parse(line)
}

for (const [host, binary] of Object.entries(HOSTS)) {
  for (const [user, prefix] of Object.entries(USERS)) {
    const found = modules.flatMap((module) => {
      console.log(`${host}, ${user}: ${module}`)
      return Object.entries(results([...prefix, binary], module))
    })
    for (const [runtime, shown] of Object.entries(RUNTIMES)) {
      const own = found.filter(([name]) => name.endsWith(`[${runtime}]`))
      const bad = own.filter(([, { attack, twin }]) => attack?.good !== true || twin?.good !== true)
      for (const [name, result] of bad) failures.push(`${host}, ${user}, ${name}: ${JSON.stringify(result)}`)
      /** @param {'attack' | 'twin'} part */
      const good = (part) => own.filter(([, result]) => result[part]?.good === true).length
      rows.push(`| ${host} | ${user} | ${shown} | ${own.length} | ${own.length - good('attack')} | ${own.length} | ${good('twin')} |`)
    }
  }
}

const git = (/** @type {string[]} */ ...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
const day = new Date().toISOString().slice(0, 10)
const table = `By \`npm run attacks\`, ${day}, commit ${git('rev-parse', '--short', 'HEAD')}, Linux ${release()}:\n\n${rows.join('\n')}\n`
console.log(table)
for (const failure of failures) console.error(failure)
if (pattern === '') {
  const [before, after] = readFileSync(PAGE, 'utf8').split(/<!-- attacks -->\n[^]*<!-- \/attacks -->\n/)
  writeFileSync(PAGE, `${before}<!-- attacks -->\n${table}<!-- /attacks -->\n${after}`)
}
process.exit(failures.length > 0 ? 1 : 0)
