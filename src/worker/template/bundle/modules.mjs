/**
 * Makes Bun transpile the entrypoint's imports into its cache, which is in the only directory that this process may
 * write to. Processes that run tools read the cache, and none of them can write to it; so no code may run here except
 * this and Bun:
 *
 * - Modules are imported by one that asks for a missing export. The error occurs when all of them are loaded and none
 *   has run.
 * - CommonJS modules run while they are loaded, so they are wrapped in a function that returns before their first line.
 * - Macros and addons are disabled on the command line.
 *
 * Another version of Bun may behave differently, so it is tested first with a module of each kind.
 */
import { answer, answerFailure } from './answer.mjs'
import { entrypoint } from './code.mjs'

/** Bun caches nothing of smaller files. */
const SMALLEST = 4096
/** More than any known entrypoint imports; the rest is transpiled at each start, as without a cache. */
const MOST_FILES = 20_000
const MOST_BYTES = 64 * 1024 * 1024
const NOT_THERE = 'toolwardenRunsNothing'
const LOADERS = new Map(Object.entries({ js: 'js', mjs: 'js', cjs: 'js', jsx: 'jsx', ts: 'ts', mts: 'ts', cts: 'ts', tsx: 'tsx' }))

const { readFileSync, writeFileSync, rmSync } = process.getBuiltinModule('node:fs')
const { dirname, extname, join } = process.getBuiltinModule('node:path')
const nodeModule = /** @type {any} */ (process.getBuiltinModule('node:module'))
const directory = `${process.env.BUN_RUNTIME_TRANSPILER_CACHE_PATH}`

/** @template T @param {() => T} action @returns {T | undefined} */
function attempt(action) {
  try {
    return action()
  } catch {
    return undefined
  }
}

/** Every file that may be loaded with the entrypoint and is large enough. @param {string} first */
function filesOf(first) {
  const seen = new Set()
  const todo = [first]
  const large = []
  let bytes = 0
  while (todo.length > 0 && seen.size < MOST_FILES) {
    const file = `${todo.pop()}`
    const loader = LOADERS.get(extname(file).slice(1))
    if (loader === undefined || seen.has(file)) continue
    seen.add(file)
    const text = attempt(() => readFileSync(file, 'utf8'))
    if (text === undefined) continue
    if (text.length >= SMALLEST && bytes + text.length <= MOST_BYTES) {
      bytes += text.length
      large.push(file)
    }
    for (const { path, kind } of attempt(() => new Bun.Transpiler({ loader }).scanImports(text)) ?? []) {
      const found = attempt(() => (kind.startsWith('require') ? nodeModule.createRequire(file).resolve(path) : Bun.resolveSync(path, dirname(file))))
      if (found !== undefined) todo.push(found)
    }
  }
  return large
}

let loads = 0

/** Whether the files were loaded and only the missing export kept them from running. @param {string[]} files */
async function load(files) {
  const name = `toolwarden:load-${(loads += 1)}`
  const contents = `${files.map((file) => `import ${JSON.stringify(file)}`).join('\n')}\nimport { ${NOT_THERE} } from 'node:path'\n${NOT_THERE}()\n`
  Bun.plugin({ name, setup: (build) => void build.module(name, () => ({ loader: 'js', contents })) })
  try {
    await import(name)
  } catch (error) {
    return `${error}`.includes(NOT_THERE)
  }
  return false
}

/** Whether this Bun loads modules without running them. */
async function runsNothing() {
  const probes = ['mjs', 'cjs'].map((kind) => join(directory, `probe.${kind}`))
  const text = `globalThis.${NOT_THERE} = true\n`
  for (const probe of probes) writeFileSync(probe, probe.endsWith('.cjs') ? `${text}module.exports = require('node:fs')\n` : `${text}export {}\n`)
  const works = (await load(probes)) && !(NOT_THERE in globalThis)
  for (const probe of probes) rmSync(probe)
  return works
}

async function transpile() {
  // Like everything beside the worker file, although nobody else may enter the directory.
  process.umask(0o077)
  nodeModule.wrapper[0] = '(function (exports, require, module, __filename, __dirname) { return; '
  if (!(await runsNothing())) return answer({ failure: 'modules would run' })
  const files = entrypoint === null ? [] : filesOf(entrypoint)
  // A module with a syntax error keeps the others from being loaded together.
  if (!(await load(files))) for (const file of files) await load([file])
  answer({ transpiled: files.length })
}

try {
  await transpile()
} catch (error) {
  answerFailure(error)
}
process.exit(0)
