/** The tests that need a kernel which can enforce a sandbox, for `npm test` on a machine that cannot. */

/** Files whose managers must have a sandbox for most of their tests to mean anything. */
const FILES = [
  /\/attacks\//,
  /\/access-[\w-]+\.test\.mjs$/,
]

/** @param {string} file */
export const needsSandbox = (file) => FILES.some((pattern) => pattern.test(file))

/** What leaves Rust's tests of the sandbox out. */
export const withoutSandbox = {
  nextest: ['-E', 'not (binary(sandbox) or test(/^sandbox::/))'],
  cargo: ['--', '--skip', 'sandbox'],
}
