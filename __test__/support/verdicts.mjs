import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const FIXTURES = fileURLToPath(new URL('../fixtures/verdicts', import.meta.url))
export const DENO = join(dirname(createRequire(import.meta.url).resolve('deno/package.json')), 'deno')

/** A project with files inside and outside of the paths that the flags name, and links between them. */
export function makeTree(bench) {
  const project = bench.project({
    files: { 'data/in.txt': 'in', 'data/sub/deep.txt': 'deep', 'database/in.txt': 'beside', 'other/file.txt': 'other', 'other/victim.txt': 'v' },
  })
  const outside = bench.project({ files: { 'out.txt': 'out', 'dir/in.txt': 'in' } })
  symlinkSync('in.txt', project.path('data/link-inside'))
  symlinkSync(outside.path('out.txt'), project.path('data/link-outside'))
  symlinkSync(outside.path('dir'), project.path('data/dir-outside'))
  symlinkSync('data', project.path('link-to-data'))
  mkdirSync(project.path('data/empty'))
  // A directory of its own, because files that belong to the entrypoint's package may always be read.
  cpSync(FIXTURES, project.path('tools'), { recursive: true })
  return { project, outside }
}

/** Replaces the marks in texts by the paths of a tree: `@` by the project, `^` by the directory outside of it. */
export const placed = ({ project, outside }, value) =>
  JSON.parse(JSON.stringify(value).replaceAll('@', project.dir).replaceAll('^', outside.dir))

/** The verdicts of Deno. */
export async function byDeno(bench, { project }, flags, accesses) {
  // Tools receive the TMPDIR of their process.
  const temporary = bench.project({}).dir
  const given = JSON.parse(JSON.stringify(accesses).replaceAll('TMPDIR', temporary))
  const args = ['run', '--no-prompt', '--no-config', '--no-lock', '--quiet', '--unstable-net', ...flags, 'tools/deno-main.mjs', JSON.stringify(given)]
  const env = { ...process.env, DENO_DIR: project.path('.deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
  const { stdout } = await promisify(execFile)(DENO, args, { cwd: project.dir, env, timeout: 60_000 })
  return JSON.parse(stdout)
}

/** The verdicts that a tool gets. */
export async function byToolwarden(bench, { project }, flags, accesses) {
  const manager = bench.open(project, { bunPermissions: flags, entrypointPath: 'tools/tools.ts', minWorkers: 0 })
  const verdicts = await manager.executeTool('attempt', { accesses })
  await manager.close()
  return verdicts
}
