/** The compilers and linkers that build for other machines than this one. */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

import { root } from '../run.mjs'

/** From PyPI, because there zig comes as a package that needs no installation. */
const PACKAGES = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1']
const venv = join(root, 'target/build-all/venv')

/** @param {string} program @param {string[]} args */
const say = (program, args) => {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/** PATH with cargo-zigbuild and zig; they are installed below `target` first, if need be. */
export function pathWithZig() {
  const bin = join(venv, 'bin')
  if (!existsSync(join(bin, 'cargo-zigbuild'))) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' })
    execFileSync(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES], { stdio: 'inherit' })
  }
  return [bin, process.env.PATH].join(delimiter)
}

/** Debian's Rust, which has its place beside another one on PATH and can have the sources of its standard library. */
const DEBIAN = { cargo: '/usr/bin/cargo', rustc: '/usr/bin/rustc' }

function debianHasSources() {
  const sysroot = say(DEBIAN.rustc, ['--print', 'sysroot'])
  return sysroot !== '' && existsSync(DEBIAN.cargo) && existsSync(join(sysroot, 'lib/rustlib/src/rust/library/Cargo.toml'))
}

/**
 * How a target is compiled: by the Rust on PATH if it has the target's standard library, otherwise by one that compiles
 * this library too.
 * @param {string} triple
 * @returns {{ env: Record<string, string>, args: string[], version: string }}
 */
export function rustFor(triple) {
  const library = say('rustc', ['--print', 'target-libdir', '--target', triple])
  if (library !== '' && existsSync(library)) return { env: {}, args: [], version: say('rustc', ['--version']) }
  if (!debianHasSources()) {
    throw new Error(`no Rust for ${triple}: rustup target add ${triple}, or on Debian: apt-get install rustc-web cargo-web rust-web-src`)
  }
  const { cargo, rustc } = DEBIAN
  return {
    // Compiling the standard library is an unstable option, which this variable lets a stable compiler have.
    env: { CARGO: cargo, RUSTC: rustc, RUSTC_BOOTSTRAP: '1' },
    args: ['-Zbuild-std=std,panic_abort'],
    version: say(rustc, ['--version']),
  }
}
