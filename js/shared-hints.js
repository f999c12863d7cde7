/**
 * The hints that the core gives as well as the JavaScript half. build.rs makes constants of src/error/hints/mod.rs of them, so that
 * the same advice reads the same wherever it comes from. It therefore takes only `export const NAME = 'text'` on one line.
 */

// Rust: &str
export const MANAGER_CLOSED = 'make a new Manager; a closed one cannot be opened again'
export const WORKING_DIR_URL = 'pass a path: `import.meta.dirname`, or `fileURLToPath(url)` of "node:url"'
export const INPUT_TOO_LONG = 'write the data to a file and pass its path'
