/** Makes the initial archive of files for a Linux kernel, in cpio's "newc" format. */

import { Buffer } from 'node:buffer'

const DIRECTORY = 0o040755
const FILE = 0o100000

/** @param {number} value */
const hex = (value) => value.toString(16).padStart(8, '0')

/** @param {{ name: string, content?: Buffer, mode?: number }} entry without content: a directory @param {number} inode */
function record({ name, content, mode = 0o644 }, inode) {
  const size = content?.length ?? 0
  // The fields are: inode, mode, owner, group, links, time, size, four of devices, length of the name, checksum.
  const fields = [inode, content === undefined ? DIRECTORY : FILE | mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length + 1, 0]
  return [padded(Buffer.from(`070701${fields.map(hex).join('')}${name}\0`)), padded(content ?? Buffer.alloc(0))]
}

/** @param {Buffer} bytes */
const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])

/** @param {{ name: string, content?: Buffer, mode?: number }[]} entries */
export function archive(entries) {
  return Buffer.concat([...entries, { name: 'TRAILER!!!', content: Buffer.alloc(0) }].flatMap((entry, at) => record(entry, at + 1)))
}
