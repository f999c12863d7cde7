/** Runs the programs that build and test this package. */

import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * The Node that the user started. Inside an npm script plain `node` is the one in node_modules/.bin, which is the
 * second Node that the tests run on.
 */
export const hostNode = process.env.npm_node_execpath ?? process.execPath

/** npm, started by that Node. @type {[string, string[]]} */
export const npm = process.env.npm_execpath ? [hostNode, [process.env.npm_execpath]] : ['npm', []]

/** PATH without node_modules/.bin, so that programs started by the tests find the user's Node. */
const path = (process.env.PATH ?? '')
  .split(':')
  .filter((dir) => !dir.endsWith(join('node_modules', '.bin')))
  .join(':')

/**
 * Runs a program, shows its output and returns it. A program that cannot be started has status 127.
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 * @param {boolean} [quiet] the output is only returned
 * @param {string} [cwd]
 * @returns {Promise<{ status: number, output: string }>}
 */
export function run(program, args, env = {}, quiet = false, cwd = root) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (!quiet) process.stdout.write(chunk)
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
      if (!quiet) process.stderr.write(chunk)
    })
    child.on('error', (error) => {
      output += error.message
    })
    child.on('close', (code) => resolve({ status: code === null || code < 0 ? 127 : code, output }))
  })
}
