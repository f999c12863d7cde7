/**
 * `npm run build:all [-- PLATFORM...]`: builds the addon for each platform that has a package (or only for those named, such as
 * `linux-arm64-musl`), checks what each would need of a machine, and packs all packages into `target/build-all/packages` as they are
 * published. Ends with 1 where a build does not keep to what `build-all/targets.mjs` says, and then packs nothing.
 *
 * Needs python3 with its module venv, and a Rust that knows the platforms: rustup's with these targets, or on Debian
 * `apt-get install rustc-web cargo-web rust-web-src`. zig and cargo-zigbuild come from PyPI into `target/build-all`.
 */

import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { readElf } from './build-all/elf.mjs'
import { readMachO } from './build-all/mach-o.mjs'
import { newestGlibc, problemsOf } from './build-all/judge.mjs'
import { packAll } from './build-all/packed.mjs'
import { packingProblems } from './build-all/packing-problems.mjs'
import { TARGETS } from './build-all/targets.mjs'
import { pathWithZig, rustFor } from './build-all/tools.mjs'
import { root, run } from './run.mjs'

const place = join(root, 'target/build-all')
const addons = join(place, 'addons')

/** Compiles the addon for a platform and puts it into `addons`. @param {import('./build-all/targets.mjs').Target} target */
async function build({ triple, platform, format, floor, rustflags, env: own }) {
  const { env, args, version } = rustFor(triple)
  process.stdout.write(`build:all: ${platform} with ${version}\n`)
  const wanted = floor === undefined ? triple : `${triple}.${floor.join('.')}`
  const { status } = await run('cargo-zigbuild', ['zigbuild', '--release', '--locked', '--lib', ...args, '--target', wanted], {
    ...env,
    ...own,
    PATH: pathWithZig(),
    // Not cargo's own directory: the standard library is compiled here too, and a build of this machine must not wait for these.
    CARGO_TARGET_DIR: place,
    [`CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}_RUSTFLAGS`]: rustflags,
  })
  if (status !== 0) throw new Error(`cargo-zigbuild ended with ${status} for ${platform}`)
  const file = join(addons, `toolwarden.${platform}.node`)
  copyFileSync(join(place, triple, `release/libtoolwarden.${format === 'elf' ? 'so' : 'dylib'}`), file)
  return file
}

/** The newest version of what it asks of a system, for people. @param {import('./build-all/elf.mjs').Elf & { macos?: import('./build-all/mach-o.mjs').OfMacos }} library */
function systemOf({ versions, macos }) {
  if (macos !== undefined) return `macOS ${macos.oldest?.join('.') ?? '?'}${macos.isSigned ? ', signed' : ''}`
  const glibc = newestGlibc(versions)
  return glibc === undefined ? 'any' : `glibc ${glibc}`
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => !TARGETS.some(({ platform }) => platform === name))
if (unknown.length > 0) throw new Error(`no such platform: ${unknown.join(', ')}; there are ${TARGETS.map(({ platform }) => platform).join(', ')}`)

mkdirSync(addons, { recursive: true })
const rows = []
for (const target of TARGETS.filter(({ platform }) => named.length === 0 || named.includes(platform))) {
  const file = await build(target)
  const bytes = readFileSync(file)
  const library = target.format === 'elf' ? readElf(bytes) : readMachO(bytes)
  rows.push({ platform: target.platform, kib: Math.round(bytes.length / 1024), needed: library.needed.join(' '), system: systemOf(library), problems: problemsOf(library, target) })
}
console.table(rows.map(({ problems, ...row }) => ({ ...row, good: problems.length === 0 })))
const problems = rows.flatMap(({ platform, problems: found }) => found.map((problem) => `${platform}: ${problem}`))

// Some of the platforms alone are not what is published.
if (problems.length === 0 && named.length === 0) {
  const destination = join(place, 'packages')
  rmSync(destination, { recursive: true, force: true })
  mkdirSync(destination)
  const packages = packAll(place, addons)
  problems.push(...packingProblems(packages))
  for (const { filename } of packages.values()) copyFileSync(join(place, 'packed', filename), join(destination, filename))
  process.stdout.write(`build:all: packed ${[...packages.values()].map(({ filename }) => filename).join(', ')}\n`)
}
for (const problem of problems) process.stderr.write(`build:all: ${problem}\n`)
process.exitCode = problems.length === 0 ? 0 : 1
