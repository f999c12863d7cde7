/** A host that is bundled, once with this package inside and once without. The addon stays in the installed package. */

import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'

import { GOOD, HOST as ANY_HOST, TOOLS } from '../scripts/bundlers/project.mjs'
import { installInto, PLATFORM_PACKAGE } from './support/installed.mjs'
import { REAL_BUN } from './support/project.mjs'
import { SANDBOX } from './support/settings.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

// The bundler's program is a script for Node or, if npm ran its install script, an executable: it is started
// accordingly.
const ESBUILD = join(dirname(createRequire(import.meta.url).resolve('esbuild/package.json')), 'bin/esbuild')

const HOST = ANY_HOST.replace('{ entrypointPath', `{ sandbox: '${SANDBOX}', entrypointPath`)
const REQUIRING_HOST = HOST.replace(/import (.*) from ('\w+')/, 'const $1 = require($2)')

/** The arguments of each bundler, and the file that it makes. */
const BUNDLES = {
  'esbuild to an ES module': [ESBUILD, ['host.mjs', '--bundle', '--platform=node', '--format=esm'], 'out.mjs'],
  'esbuild to CommonJS': [ESBUILD, ['host.mjs', '--bundle', '--platform=node', '--format=cjs', '--log-level=error'], 'out.cjs'],
  'esbuild to CommonJS, minified': [ESBUILD, ['host.mjs', '--bundle', '--platform=node', '--format=cjs', '--minify', '--log-level=error'], 'out.cjs'],
  'esbuild to CommonJS, required': [ESBUILD, ['host.cjs', '--bundle', '--platform=node', '--format=cjs', '--log-level=error'], 'out.cjs'],
  'bun build to an ES module': [REAL_BUN, ['build', 'host.mjs', '--target=node'], 'out.mjs'],
}

describe('A host that is bundled', () => {
  const bench = workbench()
  /** A project with this package installed, and its bundled host. */
  const bundle = (name, extra = []) => {
    const project = bench.project({ files: { 'host.mjs': HOST, 'host.cjs': REQUIRING_HOST, 'tools/tools.mjs': TOOLS, 'package.json': '{"private":true}' } })
    const installed = installInto(project.dir)
    const [program, args, out] = BUNDLES[name]
    execFileSync(program, [...args, ...extra, `--outfile=${out}`], { cwd: project.dir, stdio: 'pipe' })
    return { project, out: join(project.dir, out), installed }
  }
  const run = ({ project, out }) =>
    bounded(
      new Promise((resolve) => {
        execFile(process.execPath, [out, join(project.dir, 'tools')], { cwd: project.dir }, (error, stdout, stderr) => resolve({ stdout, stderr }))
      }),
      'the bundled host to end',
    )

  for (const name of Object.keys(BUNDLES)) {
    it(`works with this package in the bundle: ${name}.`, async () => {
      const made = bundle(name)
      rmSync(made.installed('toolwarden'), { recursive: true })
      const { stdout, stderr } = await run(made)
      assert.equal(stdout, `${GOOD}\n`, stderr)
    })

    it(`works with this package left out of it: ${name}.`, async () => {
      const { stdout, stderr } = await run(bundle(name, ['--external:toolwarden', '--external', 'toolwarden'].slice(...(name.startsWith('bun') ? [1] : [0, 1]))))
      assert.equal(stdout, `${GOOD}\n`, stderr)
    })

    it(`names a remedy if the addon is not installed beside the bundle: ${name}.`, async () => {
      const made = bundle(name)
      for (const path of ['toolwarden', PLATFORM_PACKAGE]) rmSync(made.installed(path), { recursive: true })
      const { stdout, stderr } = await run(made)
      assert.equal(stdout, '')
      assert.match(stderr, /toolwarden's native addon is not found: the package "toolwarden-[a-z0-9-]+" is not installed where this program runs/)
      assert.match(stderr, /mark "toolwarden" as external.*https:\/\/\S+\/docs\/bundlers\.md says how/)
    })
  }
})
