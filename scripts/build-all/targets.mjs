/** The platforms that have a package of their own, and what the addon of each may ask of the machine that loads it. */

/** The oldest glibc that the addons load on: CentOS 7's, older than that of any system with Node 20. */
export const GLIBC_FLOOR = [2, 17]

/**
 * The oldest macOS that the addons load on: the first on arm64. Node 20 runs there, Bun needs a newer one.
 * @type {[number, number]}
 */
const MACOS_FLOOR = [11, 0]

/**
 * @typedef {object} Target
 * @property {string} triple Rust's name
 * @property {string} platform the package's name after `toolwarden-`, and the folder in `npm`
 * @property {'elf' | 'mach-o'} format
 * @property {number} machine the format's number of the processor
 * @property {readonly string[]} libraries that it may need; they are part of the C library
 * @property {number[] | undefined} floor the newest version of glibc that it may ask for
 * @property {{ floor: [number, number], mustBeSigned: boolean }} [macos] the newest version of macOS that it may ask for
 * @property {string} rustflags
 * @property {Record<string, string>} [env] of the build
 */

/** EM_X86_64 and EM_AARCH64. */
const MACHINES = { x86_64: 62, aarch64: 183 }
/** CPU_TYPE_X86_64 and CPU_TYPE_ARM64. */
const MACOS_MACHINES = { x86_64: 0x01_00_00_07, aarch64: 0x01_00_00_0c }
const NAMES = { x86_64: 'x64', aarch64: 'arm64' }
/** Parts of glibc before 2.34; a build for 2.17 names them. The loader is needed for thread-local storage. */
const GLIBC = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1', 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1']

/** @param {'x86_64' | 'aarch64'} processor @returns {Target} */
const glibc = (processor) => ({
  triple: `${processor}-unknown-linux-gnu`,
  platform: `linux-${NAMES[processor]}-gnu`,
  format: 'elf',
  machine: MACHINES[processor],
  libraries: GLIBC,
  floor: GLIBC_FLOOR,
  rustflags: '',
})

/** @param {'x86_64' | 'aarch64'} processor @returns {Target} */
const musl = (processor) => ({
  triple: `${processor}-unknown-linux-musl`,
  platform: `linux-${NAMES[processor]}-musl`,
  format: 'elf',
  machine: MACHINES[processor],
  // zig's linker names musl "libc.so", Alpine's "libc.musl-x86_64.so.1". musl's loader answers to any name that begins with "libc.".
  libraries: ['libc.so', `libc.musl-${processor}.so.1`],
  floor: undefined,
  // Rust links musl statically by default, and then makes no libraries that can be loaded.
  rustflags: '-C target-feature=-crt-static',
})

/** The core without a sandbox, for development. @param {'x86_64' | 'aarch64'} processor @returns {Target} */
const macos = (processor) => ({
  triple: `${processor}-apple-darwin`,
  platform: `darwin-${NAMES[processor]}`,
  format: 'mach-o',
  machine: MACOS_MACHINES[processor],
  // All are part of macOS. Rust's standard library names iconv there.
  libraries: ['/usr/lib/libSystem.B.dylib', '/usr/lib/libiconv.2.dylib', '/usr/lib/libcharset.1.dylib'],
  floor: undefined,
  // On arm64 macOS loads no code that is not signed, if only by whoever linked it.
  macos: { floor: MACOS_FLOOR, mustBeSigned: processor === 'aarch64' },
  // Node and Bun give the functions of Node-API when they load it.
  rustflags: '-C link-arg=-undefined -C link-arg=dynamic_lookup',
  env: {
    // Stripping needs a tool of Apple's.
    CARGO_PROFILE_RELEASE_STRIP: 'none',
    MACOSX_DEPLOYMENT_TARGET: MACOS_FLOOR.join('.'),
  },
})

export const TARGETS = [glibc('x86_64'), musl('x86_64'), glibc('aarch64'), musl('aarch64'), macos('aarch64'), macos('x86_64')]
