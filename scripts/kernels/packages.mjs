/**
 * Fetches Debian's kernel packages by name through apt, which gets a state directory of its own: the machine's own apt
 * does not learn of them, and nothing is installed. The packages come from where the machine's own apt gets Debian's.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../run.mjs'

const top = join(root, 'target/kernels')
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** How long one step of apt may take, in milliseconds. */
const BOUND = 240_000

/** Where this machine's apt gets Debian from. */
function debian() {
  const files = ['/etc/apt/sources.list', ...readdirSync('/etc/apt/sources.list.d').map((name) => join('/etc/apt/sources.list.d', name))]
  const texts = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'))
  const found = texts.join('\n').match(/^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(\S+\/debian)\/?(?=\s|$)/m)?.[1]
  if (found === undefined) throw new Error('no source of Debian packages in /etc/apt: this needs a Debian machine')
  return found
}

/** @param {string} suite */
function stateOf(suite) {
  const dir = join(top, 'apt', suite)
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(dir, part), { recursive: true })
  writeFileSync(join(dir, 'status'), '')
  writeFileSync(join(dir, 'sources.list'), `deb [signed-by=${KEYRING}] ${debian()} ${suite} main\n`)
  return dir
}

/** @param {string} dir @param {string} program @param {string[]} args @param {string} [cwd] */
function apt(dir, program, args, cwd = dir) {
  const settings = {
    'Dir::State': dir,
    'Dir::State::status': join(dir, 'status'),
    'Dir::State::Lists': join(dir, 'lists'),
    'Dir::Cache': join(dir, 'cache'),
    'Dir::Etc::sourcelist': join(dir, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  try {
    return execFileSync(program, [...options, ...args], { cwd, encoding: 'utf8', timeout: BOUND, stdio: ['ignore', 'pipe', 'inherit'] })
  } catch (error) {
    throw new Error(`Debian's kernels could not be fetched: ${program} ${args.join(' ')} failed; the machine's own apt must reach Debian's packages`, { cause: error })
  }
}

/** The packages that a package of the kernel's depends on and that belong to the same kernel. @param {string} dir @param {string} name */
function partsOf(dir, name) {
  const depends = apt(dir, 'apt-cache', ['show', '--no-all-versions', name]).match(/^Depends: (.*)$/m)?.[1] ?? ''
  const names = depends.split(/[,|]/).map((part) => part.trim().split(' ')[0] ?? '')
  return names.filter((part) => /^linux-(image|binary|modules)-\d/.test(part))
}

/**
 * @param {import('./list.mjs').Kernel} kernel
 * @returns {string} the directory with the unpacked kernel
 */
export function fetchKernel({ suite }) {
  const dir = stateOf(suite)
  apt(dir, 'apt-get', ['-qq', 'update'])
  const [image] = partsOf(dir, 'linux-image-amd64')
  if (image === undefined) throw new Error(`${suite} has no linux-image-amd64`)
  const unpacked = join(top, image)
  const finished = join(unpacked, 'complete')
  if (existsSync(finished)) return unpacked
  mkdirSync(unpacked, { recursive: true })
  for (const name of [image, ...partsOf(dir, image)]) {
    const before = new Set(readdirSync(dir))
    apt(dir, 'apt-get', ['-qq', 'download', name])
    const file = readdirSync(dir).find((found) => found.endsWith('.deb') && (found.startsWith(`${name}_`) || !before.has(found)))
    if (file === undefined) throw new Error(`apt did not download ${name}`)
    execFileSync('dpkg-deb', ['-x', join(dir, file), unpacked])
  }
  writeFileSync(finished, '')
  return unpacked
}
