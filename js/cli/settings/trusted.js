/**
 * The toolwarden.json files that the user trusts: their real paths, each with the SHA-256 of its content, so that a
 * changed file is asked about again. The list is in the user's own configuration, outside of projects, and counts only
 * while nobody else can write to it.
 */

import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { replaceFile } from './replace-file.js'

const OTHERS_WRITE = 0o022

/** @param {NodeJS.ProcessEnv} env */
function listDir(env) {
  const given = env.XDG_CONFIG_HOME
  // The specification says that a relative path must be ignored.
  const base = given !== undefined && path.isAbsolute(given) ? given : path.join(env.HOME || homedir(), '.config')
  return path.join(base, 'toolwarden')
}

/** @param {string} dir */
const listIn = (dir) => path.join(dir, 'trusted.json')

/** Why others could have written it. @param {string} what @param {import('node:fs').Stats} stats */
function objection(what, stats) {
  if (stats.uid !== process.geteuid?.()) return `${what} belongs to another user`
  return (stats.mode & OTHERS_WRITE) === 0 ? undefined : `${what} can be written by other users`
}

/** Checks that the directory exists and belongs to this user. @param {string} dir */
function checkDir(dir) {
  const stats = lstatSync(dir)
  const problem = stats.isDirectory() ? objection(dir, stats) : `${dir} is not a directory`
  if (problem !== undefined) throw new Error(problem)
}

/** @param {string} dir @returns {Record<string, unknown>} */
function read(dir) {
  checkDir(dir)
  const file = listIn(dir)
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    const problem = stats.isFile() ? objection(file, stats) : `${file} is not a file`
    if (problem !== undefined) throw new Error(problem)
    const { files } = JSON.parse(readFileSync(descriptor, 'utf8'))
    return typeof files === 'object' && files !== null ? files : {}
  } finally {
    closeSync(descriptor)
  }
}

/**
 * A list that cannot be read, or that others can write, trusts nothing.
 * @param {string} file
 * @param {string} hash
 * @param {NodeJS.ProcessEnv} env
 */
export function isTrusted(file, hash, env) {
  try {
    const files = read(listDir(env))
    return Object.hasOwn(files, file) && files[file] === hash
  } catch {
    return false
  }
}

/**
 * Records that the file with this content is trusted.
 * @param {string} file
 * @param {string} hash
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} why it could not be
 */
export function trust(file, hash, env) {
  try {
    // Without HOME and without an entry for the user there is no such directory.
    const dir = listDir(env)
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    checkDir(dir)
    let files = {}
    try {
      files = read(dir)
    } catch (error) {
      if (Object(error).code !== 'ENOENT') throw error
    }
    replaceFile(listIn(dir), `${JSON.stringify({ files: { ...files, [file]: hash } }, null, 2)}\n`, 0o600)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
