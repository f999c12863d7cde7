/** Reads from a shared library what the machine that loads it must have. 64-bit little-endian ELF only. */

const SYMBOLS = 11
const PROGRAM = { load: 1, dynamic: 2 }
const TAG = { needed: 1, strings: 5, versions: 0x6f_ff_ff_fe, versionCount: 0x6f_ff_ff_ff, symbolVersions: 0x6f_ff_ff_f0 }
/** Of a symbol: STB_GLOBAL. A weak one may be missing where it is loaded. */
const GLOBAL = 1
/** Indices of versions below this stand for none. */
const FIRST_VERSION = 2

/**
 * @typedef {object} Elf
 * @property {number} machine
 * @property {boolean} isLibrary
 * @property {string[]} needed libraries
 * @property {string[]} versions that it asks of them, such as "GLIBC_2.17"
 * @property {string[]} exported symbols
 * @property {string[]} unversioned symbols that it must be given, of whichever version
 */

/** @param {Buffer} bytes @returns {Elf} */
export function readElf(bytes) {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f_45_4c_46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error('not a 64-bit little-endian ELF file')
  }
  const u8 = (/** @type {number} */ at) => bytes.readUInt8(at)
  const u16 = (/** @type {number} */ at) => bytes.readUInt16LE(at)
  const u32 = (/** @type {number} */ at) => bytes.readUInt32LE(at)
  const u64 = (/** @type {number} */ at) => Number(bytes.readBigUInt64LE(at))
  const text = (/** @type {number} */ at) => bytes.toString('latin1', at, bytes.indexOf(0, at))

  /** @type {Array<{ type: number, offset: number, address: number, size: number }>} */
  const segments = Array.from({ length: u16(56) }, (_none, index) => {
    const at = u64(32) + index * u16(54)
    return { type: u32(at), offset: u64(at + 8), address: u64(at + 16), size: u64(at + 32) }
  })
  /** Where in the file an address lies. @param {number} address */
  const offsetOf = (address) => {
    const segment = segments.find(({ type, address: from, size }) => type === PROGRAM.load && address >= from && address < from + size)
    if (segment === undefined) throw new Error(`no part of the file is loaded at ${address}`)
    return segment.offset + address - segment.address
  }

  const dynamic = segments.find(({ type }) => type === PROGRAM.dynamic)
  if (dynamic === undefined) throw new Error('nothing in it is linked dynamically')
  const entries = Array.from({ length: dynamic.size / 16 }, (_none, index) => {
    const at = dynamic.offset + index * 16
    return { tag: u64(at), value: u64(at + 8) }
  })
  const valueOf = (/** @type {number} */ tag) => entries.find((entry) => entry.tag === tag)?.value
  const strings = offsetOf(valueOf(TAG.strings) ?? 0)

  /** @type {Set<string>} */
  const versions = new Set()
  const first = valueOf(TAG.versions)
  let library = first === undefined ? 0 : offsetOf(first)
  for (let left = valueOf(TAG.versionCount) ?? 0; left > 0; left -= 1) {
    let version = library + u32(library + 8)
    for (let count = u16(library + 2); count > 0; count -= 1) {
      versions.add(text(strings + u32(version + 8)))
      version += u32(version + 12)
    }
    library += u32(library + 12)
  }

  const sections = Array.from({ length: u16(60) }, (_none, index) => u64(40) + index * u16(58))
  const symbols = sections.find((at) => u32(at + 4) === SYMBOLS)
  const all = symbols === undefined ? [] : Array.from({ length: u64(symbols + 32) / 24 }, (_none, index) => u64(symbols + 24) + index * 24)
  const isDefined = (/** @type {number} */ at) => u16(at + 6) !== 0
  const symbolVersions = valueOf(TAG.symbolVersions)
  const hasVersion = (/** @type {number} */ index) => symbolVersions !== undefined && (u16(offsetOf(symbolVersions) + index * 2) & 0x7f_ff) >= FIRST_VERSION
  const unversioned = all.filter((at, index) => !isDefined(at) && u8(at + 4) >> 4 === GLOBAL && !hasVersion(index))

  return {
    machine: u16(18),
    isLibrary: u16(16) === 3,
    needed: entries.filter(({ tag }) => tag === TAG.needed).map(({ value }) => text(strings + value)),
    versions: [...versions],
    exported: all.filter(isDefined).map((at) => text(strings + u32(at))),
    unversioned: unversioned.map((at) => text(strings + u32(at))),
  }
}
