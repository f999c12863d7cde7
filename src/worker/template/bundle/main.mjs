/**
 * Bundles the entrypoint in a separate process, in the same sandbox as the tools, so a macro or a plugin can do no more
 * than a tool. It writes to the channel only, from which the host reads one line of JSON, then the files that it
 * announces.
 */
import { answer, answerFailure } from './answer.mjs'
import { banner, renamed } from './names.mjs'
import { objectionToModule, objectionToPackage, objectionToSettings } from './objections.mjs'
import { settings } from './settings.mjs'

/** Below both limits a bundle saves nothing measurable. */
const SMALL = { bytes: 32 * 1024, modules: 8 }
const { existsSync, readFileSync } = process.getBuiltinModule('node:fs')
const { dirname, join, resolve } = process.getBuiltinModule('node:path')
const { isBuiltin } = process.getBuiltinModule('node:module')

/** @param {string} text */
const build = (text) =>
  Bun.build({
    entrypoints: [settings.entrypoint],
    target: 'bun',
    format: 'cjs',
    bytecode: true,
    sourcemap: 'linked',
    metafile: true,
    // A specifier that is computed at run time is resolved from the module's own location, which a bundle does not
    // have.
    allowUnresolved: [],
    // Runtimes run side effects whatever a package declares, and evaluate NODE_ENV when it is used.
    ignoreDCEAnnotations: true,
    define: { 'process.env.NODE_ENV': 'process.env.NODE_ENV' },
    banner: text,
  })

/** Every package.json and tsconfig.json that applies to these directories. @param {string[]} files */
function settingsFiles(files) {
  const found = new Set()
  const seen = new Set()
  for (const file of files) {
    for (let dir = dirname(file); !seen.has(dir); dir = dirname(dir)) {
      seen.add(dir)
      for (const name of ['package.json', 'tsconfig.json', 'jsconfig.json']) {
        if (existsSync(join(dir, name))) found.add(join(dir, name))
      }
    }
  }
  return [...found]
}

/**
 * Whether a module that Bun calls external is available nevertheless: a module of the runtime, or one of a package
 * without side effects whose import Bun dropped as unused, while another import includes it.
 * @param {string} dir
 * @param {string} specifier
 * @param {Map<string, string>} texts
 */
const isInside = (dir, specifier, texts) =>
  isBuiltin(specifier) || /^bun(:|$)/.test(specifier) || (/^\.\.?\//.test(specifier) && texts.has(resolve(dir, specifier)))

/** @param {any} metafile @param {Map<string, string>} texts */
function objection(metafile, texts) {
  for (const [name, { format, imports }] of Object.entries(metafile.inputs)) {
    const path = resolve(name)
    const objected = objectionToModule(path, texts.get(path) ?? '', format)
    if (objected !== undefined) return `${path} ${objected}`
    if (path === settings.entrypoint && format === 'cjs') return `${path} is CommonJS`
    const outside = imports.find((/** @type {any} */ one) => one.external && !isInside(dirname(path), one.path, texts))
    if (outside !== undefined) return `${path} imports ${outside.path}, which was not found`
  }
  for (const path of settingsFiles([...texts.keys()])) {
    const text = readFileSync(path, 'utf8')
    const objected = path.endsWith('/package.json') ? objectionToPackage(text) : objectionToSettings(path, text)
    if (objected !== undefined) return `${path} ${objected}`
  }
  const bytes = [...texts.values()].reduce((sum, text) => sum + text.length, 0)
  if (bytes < SMALL.bytes && texts.size < SMALL.modules) return `${settings.entrypoint} is small: a bundle would not be faster`
  return undefined
}

/**
 * Makes the source paths absolute, because the bundle is stored elsewhere and stacks must name the original files.
 * @param {string} text
 */
function absolute(text) {
  const map = JSON.parse(text)
  map.sources = map.sources.map((/** @type {string} */ source) => resolve(source))
  return Buffer.from(JSON.stringify(map))
}

async function bundle() {
  const plain = await build(banner([]))
  const texts = new Map(Object.keys(plain.metafile.inputs).map((name) => [resolve(name), readFileSync(name, 'utf8')]))
  const inputs = [...texts.keys()]
  const objected = objection(plain.metafile, texts) ?? plain.logs.map((log) => `the bundler warned: ${log.message}`)[0]
  if (objected !== undefined) return answer({ inputs, objection: objected })
  const names = renamed(await plain.outputs[0].text(), [...texts.values()])
  const built = names.length === 0 ? plain : await build(banner(names))
  const kinds = built.outputs.map(({ kind }) => kind).join(' ')
  if (kinds !== 'entry-point sourcemap bytecode') return answer({ inputs, objection: `the bundle would be: ${kinds}` })
  const [code, map, bytecode] = built.outputs
  answer({ inputs }, [new Uint8Array(await code.arrayBuffer()), absolute(await map.text()), new Uint8Array(await bytecode.arrayBuffer())])
}

try {
  await bundle()
} catch (error) {
  answerFailure(error)
}
process.exit(0)
