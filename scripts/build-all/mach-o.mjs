/** Reads from a library for macOS what the machine that loads it must have. 64-bit little-endian Mach-O of one processor only. */

const MAGIC = 0xfe_ed_fa_cf
/** MH_DYLIB and MH_BUNDLE. */
const LIBRARIES = new Set([6, 8])
const COMMAND = { symbols: 0x2, needed: [0xc, 0x80_00_00_18, 0x80_00_00_1f], signature: 0x1d, system: 0x32 }
const SYMBOL = { debugging: 0xe0, kind: 0x0e, external: 0x01, undefined: 0 }

/**
 * @typedef {object} OfMacos
 * @property {number[] | undefined} oldest version of macOS that loads it
 * @property {boolean} isSigned
 */

/**
 * The same as of an ELF file; symbols have no versions here.
 * @param {Buffer} bytes
 * @returns {import('./elf.mjs').Elf & { macos: OfMacos }}
 */
export function readMachO(bytes) {
  if (bytes.length < 32 || bytes.readUInt32LE(0) !== MAGIC) throw new Error('not a 64-bit little-endian Mach-O file')
  const u32 = (/** @type {number} */ at) => bytes.readUInt32LE(at)
  const text = (/** @type {number} */ at) => bytes.toString('latin1', at, bytes.indexOf(0, at))
  /** @type {string[]} */
  const needed = []
  /** @type {string[]} */
  const exported = []
  /** @type {string[]} */
  const unversioned = []
  /** @type {OfMacos} */
  const macos = { oldest: undefined, isSigned: false }
  let at = 32
  for (let left = u32(16); left > 0; left -= 1) {
    const [command, size] = [u32(at), u32(at + 4)]
    if (COMMAND.needed.includes(command)) needed.push(text(at + u32(at + 8)))
    if (command === COMMAND.signature) macos.isSigned = true
    if (command === COMMAND.system) macos.oldest = [bytes.readUInt16LE(at + 14), bytes.readUInt8(at + 13)]
    if (command === COMMAND.symbols) {
      const [symbols, count, strings] = [u32(at + 8), u32(at + 12), u32(at + 16)]
      for (let index = 0; index < count; index += 1) {
        const symbol = symbols + index * 16
        const type = bytes.readUInt8(symbol + 4)
        if ((type & SYMBOL.debugging) !== 0 || (type & SYMBOL.external) === 0) continue
        // C's names begin with an underscore.
        const name = text(strings + u32(symbol)).replace(/^_/, '')
        if ((type & SYMBOL.kind) === SYMBOL.undefined) unversioned.push(name)
        else exported.push(name)
      }
    }
    at += size
  }
  return { machine: u32(4), isLibrary: LIBRARIES.has(u32(12)), needed, versions: [], exported, unversioned, macos }
}
