/** The platforms that have a package of their own, and what the addon of each may ask of the machine that loads it. */

/** The oldest glibc that the addons load on: CentOS 7's, older than that of any system with Node 20. */
export const GLIBC_FLOOR = [2, 17]

/**
 * @typedef {object} Target
 * @property {string} triple Rust's name
 * @property {string} platform the package's name after `toolwarden-`, and the folder in `npm`
 * @property {number} machine ELF's number of the processor: EM_X86_64, EM_AARCH64
 * @property {readonly string[]} libraries that it may need; they are part of the C library
 * @property {number[] | undefined} floor the newest version of glibc that it may ask for
 * @property {string} rustflags
 */

const MACHINES = { x86_64: 62, aarch64: 183 }
const NAMES = { x86_64: 'x64', aarch64: 'arm64' }
/** Parts of glibc before 2.34; a build for 2.17 names them. The loader is needed for thread-local storage. */
const GLIBC = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1', 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1']

/** @param {'x86_64' | 'aarch64'} processor @returns {Target} */
const glibc = (processor) => ({
  triple: `${processor}-unknown-linux-gnu`,
  platform: `linux-${NAMES[processor]}-gnu`,
  machine: MACHINES[processor],
  libraries: GLIBC,
  floor: GLIBC_FLOOR,
  rustflags: '',
})

/** @param {'x86_64' | 'aarch64'} processor @returns {Target} */
const musl = (processor) => ({
  triple: `${processor}-unknown-linux-musl`,
  platform: `linux-${NAMES[processor]}-musl`,
  machine: MACHINES[processor],
  // zig's linker names musl "libc.so", Alpine's "libc.musl-x86_64.so.1". musl's loader answers to any name that begins with "libc.".
  libraries: ['libc.so', `libc.musl-${processor}.so.1`],
  floor: undefined,
  // Rust links musl statically by default, and then makes no libraries that can be loaded.
  rustflags: '-C target-feature=-crt-static',
})

export const TARGETS = [glibc('x86_64'), musl('x86_64'), glibc('aarch64'), musl('aarch64')]
