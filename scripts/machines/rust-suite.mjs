/** Compiles the sandbox's test suite for another machine. */

import { join } from 'node:path'

import { GLIBC_FLOOR } from '../build-all/targets.mjs'
import { pathWithZig, rustFor } from '../build-all/tools.mjs'
import { root, run } from '../run.mjs'

/** The suite's program. @param {string} triple */
export async function compileSuite(triple) {
  const { env, args } = rustFor(triple)
  const { status, output } = await run('cargo-zigbuild', ['zigbuild', '--locked', '--no-default-features', '--test', 'sandbox', '--message-format=json-render-diagnostics', ...args, '--target', `${triple}.${GLIBC_FLOOR.join('.')}`], {
    ...env,
    PATH: pathWithZig(),
    CARGO_TARGET_DIR: join(root, 'target/build-all'),
  })
  const program = output.match(/"executable":"([^"]*\/deps\/sandbox-[^"]*)"/)?.[1]
  if (status !== 0 || program === undefined) throw new Error(`cargo-zigbuild ended with ${status} for the sandbox suite of ${triple}`)
  return program
}
