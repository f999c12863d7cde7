import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'

import { byOther, isRoot } from './support/foreign.mjs'
import { failure } from './support/outcomes.mjs'
import { SANDBOX } from './support/settings.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const PER_CALL = { isolation: 'call', minWorkers: 0 }

/** The error of a constructor in a process of its own, which is started with these words. */
function saidBy(words, dir, config = {}) {
  const index = new URL('../index.js', import.meta.url).href
  const script = `import(${JSON.stringify(index)}).then(async ({ Manager }) => { try { const m = new Manager(${JSON.stringify(dir)}, ${JSON.stringify({ sandbox: SANDBOX, minWorkers: 0, ...config })}); await m.close(); console.log('{}') } catch ({ code, message, hint }) { console.log(JSON.stringify({ code, message, hint })) } })`
  return JSON.parse(execFileSync(words[0], [...words.slice(1), process.execPath, '-e', script], { encoding: 'utf8', timeout: 60_000 }))
}

describe('The directory of the worker file', () => {
  const bench = workbench()
  const home = (project) => project.path('.toolwarden')

  it('that is removed under an open manager is made again for the next process.', async () => {
    for (const runtimeType of ['bun', 'node']) {
      const project = bench.project({ files: { 'tools.mjs': 'export const echo = (input) => input\n' } })
      const manager = bench.open(project, { ...PER_CALL, runtimeType, entrypointPath: 'tools.mjs' })
      for (let nth = 0; nth < 3; nth += 1) {
        assert.equal(await manager.executeTool('echo', nth), nth)
        rmSync(home(project), { recursive: true })
      }
      assert.equal(await manager.executeTool('echo', 4), 4)
      await manager.close()
      assert.deepEqual(readdirSync(project.dir), ['tools.mjs'])
    }
  })

  it('that is removed is named as missing if the sandbox lets processes read no other one.', async () => {
    const project = bench.project({ files: { 'src/tools.ts': 'export const echo = (input: unknown) => input\n' } })
    const manager = bench.open(project, { ...PER_CALL, entrypointPath: 'src/tools.ts', bunPermissions: [] })
    assert.equal(await manager.executeTool('echo', 1), 1)
    rmSync(home(project), { recursive: true })
    const error = await failure(manager.executeTool('echo', 1))
    assert.equal(error.code, 'ERR_WORKER_START')
    assert.match(error.message, /`\.toolwarden` where the sandbox knows it/)
    assert.match(error.hint, /make a new Manager/)
    await manager.close()
    assert.equal(await bench.open(project, { ...PER_CALL, entrypointPath: 'src/tools.ts', bunPermissions: [] }).executeTool('echo', 1), 1)
  })

  it('that vanished with the whole project fails calls, and a close ends all the same.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const manager = bench.open(project, PER_CALL)
    assert.equal(await manager.executeTool('echo', 1), 1)
    rmSync(project.dir, { recursive: true })
    assert.equal((await failure(manager.executeTool('echo', 1))).code, 'ERR_WORKER_START')
    await bounded(manager.close({ force: true }), 'a forced close')
  })

  it('that cannot be made, or cannot be written to, has a private one in its place.', () => {
    const project = bench.project({ tools: 'values.ts' })
    chmodSync(project.dir, 0o755)
    const words = isRoot ? ['setpriv', '--reuid=54322', '--regid=54322', '--clear-groups'] : ['env']
    if (!isRoot) chmodSync(project.dir, 0o555)
    assert.deepEqual(saidBy(words, project.dir), {})
    assert.equal(existsSync(home(project)), false)
    chmodSync(project.dir, isRoot ? 0o777 : 0o755)
    if (isRoot) byOther(`mkdir -m 0500 '${home(project)}'`)
    else mkdirSync(home(project), { mode: 0o500 })
    assert.deepEqual(saidBy(words, project.dir), {})
    assert.equal(existsSync(home(project)), false, 'an empty one is removed')
  })

  it('that has no space for the worker file is reported, and nothing is left of the attempt.', () => {
    const project = bench.project({ tools: 'values.ts' })
    // Like a disk that is full after 4 KiB; the shell ignores the signal that comes with the error.
    const error = saidBy(['sh', '-c', "trap '' XFSZ; ulimit -f 8; exec \"$@\"", 'sh'], project.dir, { sandbox: 'off' })
    assert.equal(error.code, 'ERR_CONFIG_INVALID')
    assert.match(error.message, /the worker file cannot be written to .*: File too large/)
    assert.match(error.hint, /free space/)
    const next = bench.open(project)
    assert.deepEqual(readdirSync(home(project)).filter((name) => name.startsWith('.new-')), [])
    return next.close()
  })

  it('is shared by fifty managers of five processes, some of them killed: none hangs, and at the end nothing is left.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const hosts = Array.from({ length: 5 }, () => bench.host('opens-many.mjs', [project.dir, '6', '10']))
    await Promise.all(hosts.map((host) => host.output.line('open 1')))
    for (const host of hosts.slice(0, 2)) host.kill('SIGKILL')
    const ends = await Promise.all(hosts.map((host) => host.ended()))
    for (const { code, lines, stderr } of ends.slice(2)) assert.deepEqual([code, lines.at(-1)], [0, 'done'], stderr)
    const next = bench.open(project)
    assert.equal(await next.executeTool('echo', 1), 1)
    await next.close()
    // A process that was killed while it wrote leaves a temporary file; if that cannot be opened, it is removed a
    // minute later.
    for (const name of existsSync(home(project)) ? readdirSync(home(project)) : []) assert.match(name, /^\.(gitignore$|new-)/)
  })

  it('keeps what is not of ours.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    mkdirSync(home(project), { mode: 0o700 })
    writeFileSync(join(home(project), 'notes.txt'), 'mine')
    await bench.open(project).close()
    assert.deepEqual(readdirSync(home(project)).filter((name) => name !== '.gitignore'), ['notes.txt'])
  })
})
