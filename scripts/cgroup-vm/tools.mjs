/** Tools for the virtual machine, in addition to those of the attacks. */

import { spawn } from 'node:child_process'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const MIB = 1024 * 1024

export const add = (/** @type {{ a: number, b: number }} */ { a, b }) => a + b

/** Fills files that live in memory and have no name: they are freed when the tool that has them open is killed. */
export function fillFiles(/** @type {{ dir: string, mib: number }} */ { dir, mib }) {
  const path = join(dir, `fill-${Math.random()}`)
  const file = openSync(path, 'w')
  unlinkSync(path)
  const chunk = Buffer.alloc(MIB, 1)
  for (let written = 0; written < mib; written += 1) writeSync(file, chunk)
  closeSync(file)
  return mib
}

/** Reads a file over and over: its pages in the page cache must not count against the limit. */
export function readMuch(/** @type {{ file: string, times: number }} */ { file, times }) {
  const chunk = Buffer.alloc(MIB)
  let read = 0
  for (let time = 0; time < times; time += 1) {
    const from = openSync(file, 'r')
    for (let got = readSync(from, chunk); got > 0; got = readSync(from, chunk)) read += got
    closeSync(from)
  }
  return Math.round(read / MIB)
}

/** Starts a program, in a process group of its own, that would run for an hour. */
export function leaves() {
  const child = spawn('sleep', ['3600'], { detached: true, stdio: 'ignore' })
  child.unref()
  return child.pid
}

export async function waits() {
  console.log('waiting')
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}
