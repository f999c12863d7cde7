/** Whether the packages fit together: what the main one asks for, and what the platforms' ones hold. */

import { TARGETS } from './targets.mjs'

/** @typedef {Pick<import('./packed.mjs').Packed, 'manifest' | 'files'>} Package */

/**
 * What is wrong with the packages of a release; nothing, if they can be published.
 * @param {ReadonlyMap<string, Package>} packages by name
 */
export function packingProblems(packages) {
  const main = packages.get('toolwarden')
  if (main === undefined) return ['there is no main package']
  const { version, optionalDependencies = {} } = main.manifest
  const names = TARGETS.map(({ platform }) => `toolwarden-${platform}`)
  const asked = Object.keys(optionalDependencies)
  return [
    ...names.filter((name) => optionalDependencies[name] !== version).map((name) => `the main package does not ask for ${name} ${version}`),
    ...asked.filter((name) => !names.includes(name)).map((name) => `the main package asks for ${name}, which is not built`),
    ...TARGETS.flatMap((target) => platformProblems(target, packages.get(`toolwarden-${target.platform}`), version)),
  ]
}

/**
 * @param {import('./targets.mjs').Target} target
 * @param {Package | undefined} packed
 * @param {string} version
 */
function platformProblems({ platform }, packed, version) {
  const name = `toolwarden-${platform}`
  if (packed === undefined) return [`there is no package ${name}`]
  const { manifest, files } = packed
  const [os = '', cpu = '', libc] = platform.split('-')
  const expected = { name, version, os: [os], cpu: [cpu], libc: libc === undefined ? undefined : [libc === 'gnu' ? 'glibc' : libc], main: `toolwarden.${platform}.node` }
  const wrong = Object.entries(expected).filter(([field, value]) => JSON.stringify(manifest[field]) !== JSON.stringify(value))
  const missing = [expected.main, 'LICENSE', 'README.md', 'package.json'].filter((file) => !files.includes(file))
  return [
    ...wrong.map(([field, value]) => `${name}: ${field} is ${JSON.stringify(manifest[field])}, not ${JSON.stringify(value)}`),
    ...missing.map((file) => `${name} has no ${file}`),
  ]
}
