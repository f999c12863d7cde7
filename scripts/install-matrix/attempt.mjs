/** Installs this package with one package manager into an empty folder, and runs tools with what came of it. */

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

import { hostNode, npm } from '../run.mjs'

const TIMEOUT = 180_000
export const WORKS = 'works'
/** Of a message in a cell: its beginning says what is wrong, and the rest is mostly paths. */
const LONGEST = 120

const TOOLS = `import { z } from 'zod'\nexport const greet = ({ name }) => \`Hello, \${z.string().parse(name)}!\`\n`
/** Prints what the tool said; its arguments are settings of the manager. */
export const HOST = `import { Manager } from 'toolwarden'
const manager = new Manager(import.meta.dirname, { entrypointPath: './tools.mjs', toolExecutionTimeout: '30s', ...JSON.parse(process.argv[2] ?? '{}') })
console.log(await manager.executeTool('greet', { name: 'Ada' }).finally(() => manager.close()))
`
const GREETING = 'Hello, Ada!'

/** @param {string} directory @param {Record<string, string>} files */
export function write(directory, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
}

/** A machine's variables: none of this project's, and a PATH with Node alone. @param {string} home */
const environment = (home) => ({ HOME: home, PATH: `${dirname(hostNode)}:/usr/local/bin:/usr/bin:/bin`, CI: '', COREPACK_ENABLE_STRICT: '0', NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS ?? '', ...(process.env.npm_config_cafile ? { npm_config_cafile: process.env.npm_config_cafile } : {}) })

/** @param {string} program @param {string[]} args @param {string} cwd @param {string} home */
export const execute = (program, args, cwd, home) => promisify(execFile)(program, args, { cwd, env: environment(home), timeout: TIMEOUT, maxBuffer: 1 << 24 })

/** What a person reads of a failure: its error and its hint, without the paths of this machine. @param {any} error @param {string} scratch */
export function quoted(error, scratch) {
  if (error.killed) return `no answer within ${TIMEOUT / 1000} s`
  const said = `${error.stderr ?? ''}\n${error.stdout ?? ''}\n${error.message}`
  const line = said.split('\n').find((text) => /^\s*(?:\w*Error\b|error:|ERR_|\[ERR)|YN0|panic|ERR!/.test(text)) ?? said.trim().split('\n')[0] ?? ''
  const hint = /hint: ['"`](.*?)['"`],?$/m.exec(said)?.[1]
  const whole = line.trim().replaceAll(scratch, '').replaceAll('|', '\\|')
  const message = whole.length > LONGEST ? `${whole.slice(0, LONGEST)} ...` : whole
  return hint === undefined ? message : `${message} (hint: ${hint})`
}

/** Installs what the registry has into a folder of the scratch directory, once. @param {string} scratch @param {string} from */
export async function get(scratch, from) {
  const folder = join(scratch, 'programs', from.replaceAll(/[^\w.-]/g, '-'))
  if (existsSync(join(folder, 'done'))) return join(folder, 'node_modules')
  mkdirSync(folder, { recursive: true })
  write(folder, { 'package.json': '{"private":true}' })
  const [program, first] = npm
  await promisify(execFile)(program, [...first, 'install', '--no-audit', '--no-fund', '--ignore-scripts', from], { cwd: folder, timeout: TIMEOUT })
  write(folder, { done: '' })
  return join(folder, 'node_modules')
}

/** @param {string} directory */
export function fresh(directory) {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  return directory
}

/**
 * The cells of a manager's row: its README line with both runtimes, and a workspace with a list of paths.
 * @param {import('./managers.mjs').PackageManager} manager
 * @param {{ scratch: string, registry: string }} place
 */
export async function attempt(manager, { scratch, registry }) {
  const program = join(await get(scratch, manager.from), manager.program)
  const home = fresh(join(scratch, 'home'))
  const ask = (/** @type {string[]} */ args, /** @type {string} */ cwd) =>
    manager.native ? execute(program, args, cwd, home) : execute(hostNode, [program, ...args], cwd, home)
  const runs = async (/** @type {string} */ cwd, /** @type {object} */ settings) => {
    const args = ['main.mjs', JSON.stringify(settings)]
    const { stdout } = await (manager.run === undefined ? execute(hostNode, args, cwd, home) : ask([...manager.run, ...args], cwd))
    if (stdout.trim() !== GREETING) throw new Error(`it printed ${stdout}`)
    return WORKS
  }
  const cell = (/** @type {() => Promise<string>} */ act) => act().catch((error) => quoted(error, scratch))
  const files = { 'main.mjs': HOST, 'tools.mjs': TOOLS, 'data/file.txt': 'data' }

  const alone = fresh(join(scratch, 'alone'))
  write(alone, { 'package.json': '{"private":true,"type":"module"}', ...files, ...manager.files(registry) })
  const added = await cell(async () => {
    await ask([...manager.add, 'zod'], alone)
    return WORKS
  })
  const bun = added === WORKS ? await cell(() => runs(alone, {})) : added
  const node = added === WORKS ? await cell(() => runs(alone, { runtimeType: 'node' })) : added

  const workspace = fresh(join(scratch, 'workspace'))
  const member = join(workspace, 'packages/tools')
  const dependencies = { toolwarden: '*', bun: 'npm:bun@1', zod: '*' }
  write(workspace, {
    'package.json': JSON.stringify({ name: 'root', private: true, ...(manager.workspaces === 'pnpm' ? {} : { workspaces: ['packages/*'] }) }),
    ...(manager.workspaces === 'pnpm' ? { 'pnpm-workspace.yaml': 'packages:\n  - packages/*\n# pnpm 12 refuses to install what has scripts that nobody decided about.\nallowBuilds:\n  bun: true\n' } : {}),
    ...manager.files(registry),
  })
  write(member, { 'package.json': JSON.stringify({ name: 'tools', version: '1.0.0', private: true, type: 'module', dependencies }), ...files })
  const listed = await cell(async () => {
    await ask(manager.install, workspace)
    return runs(member, { bunPermissions: ['--allow-read=./data'] })
  })
  return { name: manager.name, version: (await ask(['--version'], home)).stdout.trim(), line: manager.add.join(' '), bun, node, listed }
}
