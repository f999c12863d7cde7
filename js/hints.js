/**
 * The hints that the JavaScript half gives, its adapters included: what to do about a failure. Those that the core gives too are in
 * ./shared-hints.js, those about a command line in ./cli/hints.js.
 */

export * from './shared-hints.js'

export const ENV_OF_A_MAP = 'pass `Object.fromEntries(map)`'
export const ENV_OF_NAMES = 'pass names and values: `{ API_TOKEN: token }`'
export const CLOSE_FORCE = 'to end running calls at once: `close({ force: true })`'
export const OTHER_PLATFORM = 'use one of these platforms, for example in a container'
export const NEWER_BUN = 'update Bun, or run the host with Node; the tools may stay on the older Bun: set `runtimePath` to it'
export const WITH_NPX = 'run it as `npx -p toolwarden -p bun toolwarden ...`, which brings Bun along, or add `--runtime node`'
export const WITH_NODE = 'or add `--runtime node`'
export const WITHOUT_ADDON = 'without the addon nothing can be tried: install it as the line about it says'
export const ON_WINDOWS = 'run the host in WSL 2 or in a Linux container'

/** A result that PostgreSQL's jsonb cannot hold. */
export const STORABLE_TEXT = 'return text without U+0000 and without halves of surrogate pairs: encode bytes, for example as base64'
/** A result that Temporal's server refuses. */
export const RESULT_FOR_TEMPORAL = "write it to a store and return its name, or set `maxOutputSize` so that the tool's process refuses it"

/** An option that there is none of. @param {readonly string[]} known */
export const knownOptions = (known) => (known.length === 1 ? `the only option is ${known[0]}` : `the options are ${known.join(', ')}`)

/** A name that comes close to one that there is, as in the core. @param {string} name */
export const didYouMean = (name) => `did you mean \`${name}\`?`
