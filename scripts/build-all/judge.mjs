/** Whether an addon is what its package promises. */

/** Node and Bun call this when they load an addon. */
const ENTRY = 'napi_register_module_v1'

/**
 * Whether a version of glibc is newer than another.
 * @param {readonly number[]} version
 * @param {readonly number[]} than
 */
function isNewer(version, than) {
  const at = version.findIndex((part, index) => part !== (than[index] ?? 0))
  return at !== -1 && (version[at] ?? 0) > (than[at] ?? 0)
}

/** The versions of glibc that it asks for, the newest last. @param {string[]} versions */
const glibcVersions = (versions) =>
  versions
    .flatMap((name) => name.match(/^GLIBC_(\d+(?:\.\d+)*)$/)?.slice(1) ?? [])
    .map((text) => text.split('.').map(Number))
    .toSorted((one, other) => (isNewer(one, other) ? 1 : -1))

/** The newest version of glibc that it asks for, as text. @param {string[]} versions */
export const newestGlibc = (versions) => glibcVersions(versions).at(-1)?.join('.')

/**
 * What is wrong with it; nothing, if it can be published.
 * @param {import('./elf.mjs').Elf & { macos?: import('./mach-o.mjs').OfMacos }} elf or what stands for it in another format
 * @param {Pick<import('./targets.mjs').Target, 'machine' | 'libraries' | 'floor' | 'macos'>} target
 */
export function problemsOf(elf, { machine, libraries, floor, macos }) {
  const foreign = elf.needed.filter((name) => !libraries.includes(name))
  const versions = glibcVersions(elf.versions)
  // zig leaves a symbol that the glibc of the floor lacks without a version, and the loader then refuses the addon there.
  const absent = floor === undefined ? [] : elf.unversioned.filter((name) => !name.startsWith('napi_'))
  const tooNew = floor === undefined ? versions : versions.filter((version) => isNewer(version, floor))
  return [
    ...(elf.isLibrary ? [] : ['it is no shared library']),
    ...(elf.machine === machine ? [] : [`it is for the processor ${elf.machine} of the format's list, not for ${machine}`]),
    ...(elf.exported.includes(ENTRY) ? [] : [`it does not export ${ENTRY}`]),
    ...(elf.needed.length > 0 ? [] : ['it names no C library']),
    ...foreign.map((name) => `it needs ${name}, which not every system has`),
    ...absent.map((name) => `it needs ${name}, which glibc ${floor?.join('.')} does not have`),
    ...tooNew.map((version) => `it asks for glibc ${version.join('.')}, newer than ${floor?.join('.') ?? 'musl has'}`),
    ...(macos === undefined ? [] : macosProblems(elf.macos, macos)),
  ]
}

/**
 * @param {import('./mach-o.mjs').OfMacos | undefined} found
 * @param {NonNullable<import('./targets.mjs').Target['macos']>} wanted
 */
function macosProblems(found, { floor, mustBeSigned }) {
  const oldest = found?.oldest
  return [
    ...(oldest === undefined ? ['it does not say which macOS it is for'] : []),
    ...(oldest !== undefined && isNewer(oldest, floor) ? [`it is for macOS ${oldest.join('.')}, newer than ${floor.join('.')}`] : []),
    ...(mustBeSigned && found?.isSigned !== true ? ['it is not signed, and macOS on arm64 loads nothing that is not'] : []),
  ]
}
