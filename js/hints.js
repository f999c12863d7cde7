/**
 * The hints that this side gives: what to do about a failure. The first ones the core gives too; build.rs makes the constants of
 * src/error/hints.rs from this file, so that the same advice reads the same wherever it comes from. It therefore takes only
 * `export const NAME = 'text'` on one line. Hints about a command line stand where they are given, in js/cli.
 */

// Rust: &str
export const MANAGER_CLOSED = 'make a new Manager; a closed one cannot be opened again'
export const WORKING_DIR_URL = 'pass a path: `import.meta.dirname`, or `fileURLToPath(url)` of "node:url"'
export const INPUT_TOO_LONG = 'write the data to a file and pass its path'

// Of this side alone.
export const ENV_OF_A_MAP = 'pass `Object.fromEntries(map)`'
export const ENV_OF_NAMES = 'pass names and values: `{ API_TOKEN: token }`'
export const CLOSE_FORCE = 'to end running calls at once: `close({ force: true })`'
export const OTHER_PLATFORM = 'use one of these platforms, for example in a container'
export const NEWER_BUN = 'update Bun, or run the host with Node; the tools may stay on the older Bun: set `runtimePath` to it'
export const WITH_NPX = 'run it as `npx -p toolwarden -p bun toolwarden ...`, which brings Bun along, or add `--runtime node`'
export const WITH_NODE = 'or add `--runtime node`'
export const WITHOUT_ADDON = 'without the addon nothing can be tried: install it as the line about it says'
export const ON_WINDOWS = 'run the host in WSL 2 or in a Linux container'
