import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))
const protocol = fileURLToPath(new URL('../../src/worker/template/protocol.mjs', import.meta.url))

/** The Bun executable of the `bun` package this repository depends on. */
export const REAL_BUN = join(dirname(createRequire(import.meta.url).resolve('bun/package.json')), 'bin/bun.exe')

/** The path of a tool fixture. @param {string} name */
export const fixturePath = (name) => join(fixtures, 'tools', name)

/**
 * A project directory in the temporary directory. `tools` names the fixture that becomes its ./tools.ts.
 * @param {{ tools?: string, files?: Record<string, string> }} [content]
 */
export function makeProject({ tools, files = {} } = {}) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'warden-project-')))

  const write = (/** @type {string} */ name, /** @type {string | Uint8Array} */ content) => {
    const path = join(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return path
  }

  const copyTools = (/** @type {string} */ fixture, name = 'tools.ts') => {
    const path = join(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    copyFileSync(fixturePath(fixture), path)
    return path
  }

  /** Puts a fake runtime into the project, with the real one beside it as `bun`, and returns its path. */
  const fakeRuntime = (/** @type {string} */ name) => {
    const folder = join(dir, 'runtimes')
    mkdirSync(folder, { recursive: true })
    symlinkSync(REAL_BUN, join(folder, 'bun'))
    for (const file of [name, 'channel.mjs']) copyFileSync(join(fixtures, 'runtimes', file), join(folder, file))
    copyFileSync(protocol, join(folder, 'protocol.mjs'))
    const path = join(folder, name)
    chmodSync(path, 0o755)
    return path
  }

  if (tools) copyTools(tools)
  for (const [name, content] of Object.entries(files)) write(name, content)

  /** Lets the tools import the packages that this repository has for its tests. */
  const usePackages = () => symlinkSync(join(dirname(fixtures), '../node_modules'), join(dir, 'node_modules'))

  return {
    dir,
    usePackages,
    path: (/** @type {string} */ name) => join(dir, name),
    write,
    copyTools,
    fakeRuntime,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
