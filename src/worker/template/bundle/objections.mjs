/**
 * Reasons against running a module from the bundle. A bundle is one CommonJS function; the text of a module is searched
 * for code that could notice this or break by it. Matches in comments and strings count too: a false objection only
 * means that the source is run.
 */

/** Extensions that the bundler handles like the runtime. Anything else would be a missing file. */
const EXTENSION = /\.(?:[cm]?[jt]sx?|jsonc?|toml|txt|ya?ml)$/
const CODE = /\.[cm]?[jt]sx?$/
const PACKAGE = /\/node_modules\//
const USE_STRICT = /^(?:#!.*)?\s*(?:(?:\/\/.*|\/\*[\s\S]*?\*\/)\s*)*["']use strict["']/

/**
 * `when` restricts a rule to modules in CommonJS, in ESM, or of the project itself. A package's own use of what the
 * last rules match is rarely reached in Bun, while the project's is intended.
 * @type {{ pattern: RegExp, says: string, when?: 'cjs' | 'esm' | 'own' }[]}
 */
const RULES = [
  { pattern: /\bimport\.meta\b(?!\s*\.\s*(?:url|dir|path)\b)/, says: 'uses import.meta for more than url, dir and path' },
  // In Bun 1.4.5 all modules of a bundle share one value of each: the last module's.
  { pattern: /\b__(?:filename|dirname)\b/, says: 'uses __filename or __dirname' },
  { pattern: /\brequire\s*\.\s*(?:main|cache|extensions|resolve)\b/, says: 'asks require about modules' },
  { pattern: /\bmodule\s*\.\s*(?:parent|children|paths|require|id|filename|loaded|path)\b/, says: 'asks module about itself', when: 'cjs' },
  { pattern: /\btypeof\s+(?:module|exports)\b/, says: 'asks whether it is CommonJS', when: 'esm' },
  { pattern: /\bnew\s+(?:Shared)?Worker\s*\(/, says: 'starts a Worker' },
  { pattern: /["']macro["']|["']macro:/, says: 'may use a macro' },
  { pattern: /\bBun\s*\.\s*(?:plugin|resolve|resolveSync)\b|\bmodule\s*\.\s*register\b/, says: 'changes or asks how modules are found' },
  { pattern: /\bcreateRequire\b/, says: 'loads modules past the bundle (createRequire)', when: 'own' },
  { pattern: /\beval\s*\(/, says: 'uses eval', when: 'own' },
]

/** @param {string} path @param {string} text @param {string | undefined} format the bundler's: "esm", "cjs", "json" ... */
export function objectionToModule(path, text, format) {
  if (!EXTENSION.test(path)) return 'is no file that a bundle can hold'
  if (!CODE.test(path)) return undefined
  if (format === 'cjs' && !USE_STRICT.test(text)) return 'is CommonJS in sloppy mode'
  const own = !PACKAGE.test(path)
  for (const { pattern, says, when } of RULES) {
    const counts = when === undefined || (when === 'own' ? own : when === format)
    if (counts && pattern.test(text)) return says
  }
  return undefined
}

/** @param {string} text of a package.json whose modules are in the bundle */
export const objectionToPackage = (text) =>
  // The bundler selects "development" where the runtime does not.
  /"(?:development|production)"\s*:/.test(text) ? 'has exports that depend on the mode' : undefined

/** @param {string} path @param {string} text of a tsconfig.json or jsconfig.json */
export const objectionToSettings = (path, text) =>
  !PACKAGE.test(path) && /"(?:extends|paths|baseUrl)"\s*:/.test(text) ? 'leads to other files (extends, paths, baseUrl)' : undefined
