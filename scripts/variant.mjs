/** A copy of the repository whose addon was built with another feature, to run tests in. */

import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { basename, dirname, join } from 'node:path'

import { root, run } from './run.mjs'

/** The addon is tested and not published: what matters is that it is compiled soon. */
const QUICK = {
  CARGO_PROFILE_RELEASE_INCREMENTAL: 'true',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '64',
}

/** Builds the addon with a feature, in a directory of its own, and returns its path. @param {string} feature @param {string} place */
export async function buildWith(feature, place) {
  const directory = join(place, 'addon')
  rmSync(directory, { recursive: true, force: true })
  const args = ['napi', 'build', '--platform', '--release', '--no-js', '--dts', '../native.d.ts', '--features', feature, '--output-dir', directory]
  const { status } = await run('npx', args, { CARGO_TARGET_DIR: join(place, 'cargo'), ...QUICK })
  const addon = status === 0 ? readdirSync(directory).find((name) => name.endsWith('.node')) : undefined
  if (addon === undefined) throw new Error(`the addon with the feature \`${feature}\` cannot be built`)
  return join(directory, addon)
}

/** Makes a copy of the repository with this addon. @param {string} copy @param {string} addon */
export function copyWith(copy, addon) {
  rmSync(copy, { recursive: true, force: true })
  for (const file of execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    copyFileSync(join(root, file), join(copy, file))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  copyFileSync(addon, join(copy, basename(addon)))
}
