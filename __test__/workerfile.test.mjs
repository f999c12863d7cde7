import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, it } from 'node:test'

import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Every file below a directory, without node_modules. */
const filesIn = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.name === 'node_modules') return []
    return entry.isDirectory() ? filesIn(path) : [path]
  })

const hash = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** The worker file of a manager: the file whose content has the manager's hash. */
const workerFile = (manager) => filesIn(manager.workingDir).find((path) => hash(path) === manager.workerFileHash)

const mode = (path) => statSync(path).mode & 0o777

describe('The worker file', () => {
  const bench = workbench()

  it('lies in a directory of the project, and its SHA-256 is known.', () => {
    const manager = bench.openTools('values.ts')
    assert.match(manager.workerFileHash, /^[0-9a-f]{64}$/)
    assert.ok(workerFile(manager)?.startsWith(join(manager.workingDir, '.toolwarden/')))
  })

  it('states in its first lines that it is generated and not to be edited.', () => {
    const head = readFileSync(workerFile(bench.openTools('values.ts')), 'utf8').split('\n').slice(0, 5).join('\n')
    assert.match(head, /generated/i)
    assert.match(head, /do not edit/i)
  })

  for (const perm of [0o600, 0o644, 0o400, 0o666, 0o777]) {
    for (const umask of [0o000, 0o022, 0o077]) {
      it(`has mode 0${perm.toString(8)} under umask 0${umask.toString(8)}.`, async () => {
        const old = process.umask(umask)
        try {
          const manager = bench.openTools('values.ts', { workerFilePerm: perm })
          assert.equal(mode(workerFile(manager)), perm)
          assert.equal(await manager.executeTool('echo', 1), 1)
        } finally {
          process.umask(old)
        }
      })
    }
  }

  it('has mode 0600 by default.', () => {
    assert.equal(mode(workerFile(bench.openTools('values.ts'))), 0o600)
  })

  it('gets its mode back when a file of its name has another one.', () => {
    const project = bench.project({ tools: 'values.ts' })
    const first = bench.open(project)
    chmodSync(workerFile(first), 0o666)
    const second = bench.open(project)
    assert.equal(mode(workerFile(second)), 0o600)
  })

  it('is the same for the same configuration, and another for another entrypoint.', () => {
    const project = bench.project({ tools: 'values.ts', files: { 'other.ts': 'export default {}\n' } })
    const [one, two] = [bench.open(project), bench.open(project)]
    const other = bench.open(project, { entrypointPath: 'other.ts' })
    assert.equal(one.workerFileHash, two.workerFileHash)
    assert.equal(workerFile(one), workerFile(two))
    assert.notEqual(other.workerFileHash, one.workerFileHash)
    assert.notEqual(workerFile(other), workerFile(one))
  })

  it('is written anew when someone put other content into its place.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const first = bench.open(project)
    const path = workerFile(first)
    await first.close()
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'console.log("planted")\nprocess.exit(0)\n')
    const second = bench.open(project)
    assert.equal(hash(path), second.workerFileHash)
    assert.equal(await second.executeTool('echo', 1), 1)
  })

  it('leaves no temporary file beside it.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const managers = Array.from({ length: 5 }, () => bench.open(project))
    await Promise.all(managers.map((manager) => manager.ready()))
    assert.deepEqual(filesIn(project.dir).filter((path) => /\.(mjs|js|ts)$/.test(path)).toSorted(), [project.path('tools.ts'), workerFile(managers[0])].toSorted())
  })

  it('is removed when the last manager that uses it closes.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const [one, two] = [bench.open(project), bench.open(project)]
    const path = workerFile(one)
    await one.close()
    assert.ok(existsSync(path))
    await two.close()
    assert.ok(!existsSync(path))
  })

  it('of a manager that died is removed when the next manager of the directory closes.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const host = bench.host('waits-in-a-call.mjs', [project.dir, 'never-settles'])
    await host.output.number('pid')
    const left = filesIn(join(project.dir, '.toolwarden')).filter((path) => path.endsWith('.mjs'))
    assert.equal(left.length, 1)
    host.kill('SIGKILL')
    await host.ended()
    project.copyTools('values.ts', 'other.ts')
    const next = bench.open(project, { entrypointPath: 'other.ts' })
    await next.executeTool('echo', 1)
    await next.close()
    assert.ok(!existsSync(left[0]))
  })

  it('is compiled after a few calls with a process each: tools see nothing of it, and it goes with the worker file.', async () => {
    const alone = "import { sep } from 'node:path'\n"
    const among = "import { helper } from './helper.ts'\nvoid helper\n"
    for (const imports of [alone, among]) {
      const tools = `${imports}
        export const main = () => process.argv[1]
        export const seen = (input, config, context) => [input, config, Object.keys(process.env).sort(), Object.keys(context), Object.keys(globalThis).sort()]
        export const fails = () => { console.log('before'); throw new Error('no') }`
      const project = bench.project({ files: { 'tools.ts': tools, 'helper.ts': 'export const helper = 1\n' } })
      const manager = bench.open(project, { isolation: 'call', minWorkers: 0, entrypointPath: 'tools.ts' })
      const look = async () => {
        const error = await manager.executeTool('fails').catch((thrown) => thrown)
        const seen = await manager.executeTool('seen', { a: [1, 'é'] }, { config: 2 })
        return { seen, code: error.code, stack: error.cause.stack }
      }
      const main = await manager.executeTool('main')
      assert.equal(main, workerFile(manager))
      const before = await look()
      await until(async () => (await manager.executeTool('main')) !== main, 'a process that runs the compiled file')
      assert.deepEqual(await look(), before)
      assert.match(before.stack, /tools\.ts/)
      assert.doesNotMatch(before.stack, /\.toolwarden/)
      for (const path of filesIn(join(project.dir, '.toolwarden'))) {
        // Files that Bun writes are protected by the mode of their directory.
        const modules = dirname(path).endsWith('.modules')
        if (modules) assert.equal(mode(dirname(path)), 0o700, path)
        else if (basename(path) !== '.gitignore') assert.equal(mode(path), 0o600, path)
      }
      await manager.close()
      assert.ok(!existsSync(join(project.dir, '.toolwarden')))
    }
  })

  // Bun itself cannot load a file whose name has a backslash, # or ?.
  const ODD_NAMES = [
    'with "quotes".ts',
    "with 'single'.ts",
    'with `backtick` ${x}.ts',
    'with\nnewline.ts',
    'with \u2028 separator.ts',
    'h\u00e9llo \u4e16.ts',
    '*/ comment.ts',
    'with %41 escape.ts',
  ]
  for (const name of ODD_NAMES) {
    it(`carries the name of the entrypoint as data: ${JSON.stringify(name)}.`, async () => {
      const project = bench.project()
      project.copyTools('values.ts', name)
      assert.equal(await bench.open(project, { entrypointPath: name }).executeTool('echo', 1), 1)
    })
  }
})
