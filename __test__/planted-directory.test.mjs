import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import { byOther, isRoot, OTHER, testsByOther } from './support/foreign.mjs'
import { neighbour } from './support/neighbour.mjs'
import { SANDBOX } from './support/settings.mjs'
import { workbench } from './support/workbench.mjs'

const EVIL = "console.log('evil ran')\nprocess.exit(66)\n"
const ME = process.getuid()

/** A host that makes one call. */
const hostScript = (dir) => `import(${JSON.stringify(new URL('../index.js', import.meta.url).href)}).then(async ({ Manager }) => {
  try {
    const manager = new Manager(${JSON.stringify(dir)}, { sandbox: ${JSON.stringify(SANDBOX)}, minWorkers: 0 })
    const value = await manager.executeTool('echo', 1)
    await manager.close()
    console.log(JSON.stringify({ value }))
  } catch ({ code, message, hint }) { console.log(JSON.stringify({ code, message, hint })) }
})`

describe('A .toolwarden that was there before', () => {
  const bench = workbench()

  /**
   * A project in a directory like /tmp: everybody may create files in it, and nobody may remove those of another user.
   */
  const sticky = () => {
    const project = bench.project({ tools: 'values.ts' })
    chmodSync(project.dir, 0o1777)
    return { ...project, home: join(project.dir, '.toolwarden') }
  }
  /** The name of the worker file of that project. */
  const nameOfWorkerFile = async (project) => {
    const manager = bench.open(project)
    const name = `worker-${manager.workerFileHash.slice(0, 16)}.mjs`
    await manager.close()
    return name
  }
  const refusal = (project) => {
    try {
      bench.open(project)
    } catch (error) {
      return error
    }
    throw new assert.AssertionError({ message: 'it was used' })
  }
  const isRefused = (project, reason, hint) => {
    const error = refusal(project)
    assert.equal(error.code, 'ERR_CONFIG_INVALID')
    assert.match(error.message, reason)
    assert.match(error.hint, hint)
    assert.ok(error.message.includes(project.home), error.message)
    return error
  }
  const works = async (project, config) => {
    const manager = bench.open(project, config)
    assert.equal(await manager.executeTool('echo', 1), 1)
    await manager.close()
  }

  // Files that an ordinary user can plant, one case each; cases that need a second user follow.
  for (const [what, plant, reason, hint] of [
    ['is a link to a directory of one\'s own', ({ home, dir }) => (mkdirSync(join(dir, 'real')), symlinkSync('real', home)), /is not a directory/, /^remove /],
    ['is a link to another user\'s directory', ({ home }) => symlinkSync('/usr', home), /is not a directory/, /^remove /],
    ['is a link that leads nowhere', ({ home }) => symlinkSync('nowhere', home), /is not a directory/, /^remove /],
    ['is a file', ({ home }) => writeFileSync(home, ''), /is not a directory/, /^remove /],
    ['is a pipe', ({ home }) => execFileSync('mkfifo', [home]), /is not a directory/, /^remove /],
    ['may be written by its group', ({ home }) => (mkdirSync(home), chmodSync(home, 0o770)), /may be written by other users \(mode 0770\)/, /chmod go-w/],
    ['may be written by everybody', ({ home }) => (mkdirSync(home), chmodSync(home, 0o1777)), /may be written by other users \(mode 1777\)/, /chmod go-w/],
  ]) {
    it(`and ${what} is refused, and left as it is.`, () => {
      const project = sticky()
      plant(project)
      const before = lstatSync(project.home)
      isRefused(project, reason, hint)
      const after = lstatSync(project.home)
      assert.deepEqual([after.ino, after.mode, after.uid], [before.ino, before.mode, before.uid])
    })
  }

  it('and is this user\'s alone is used, whoever may write beside it.', async () => {
    const project = sticky()
    mkdirSync(project.home, { mode: 0o700 })
    await works(project)
    assert.ok(!existsSync(project.home))
  })

  for (const [what, plant] of [
    ['a file with other content', (path) => writeFileSync(path, EVIL)],
    ['a link to such a file', (path, { dir }) => (writeFileSync(join(dir, 'evil.mjs'), EVIL), symlinkSync(join(dir, 'evil.mjs'), path))],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['a file that has another name too', (path, { dir }) => (writeFileSync(join(dir, 'evil.mjs'), EVIL), linkSync(join(dir, 'evil.mjs'), path))],
    ['a file that cannot be read', (path) => writeFileSync(path, EVIL, { mode: 0 })],
  ]) {
    it(`and has ${what} in the worker file's place gives way to a new one.`, async () => {
      const project = sticky()
      const path = join(project.home, await nameOfWorkerFile(project))
      mkdirSync(project.home, { mode: 0o700 })
      plant(path, project)
      const planted = lstatSync(path).ino
      const manager = bench.open(project)
      assert.equal(await manager.executeTool('echo', 1), 1)
      const found = lstatSync(path)
      assert.ok(found.isFile() && found.ino !== planted && found.nlink === 1)
      assert.ok(!readFileSync(path, 'utf8').includes('evil'))
      await manager.close()
      if (existsSync(join(project.dir, 'evil.mjs'))) assert.equal(readFileSync(join(project.dir, 'evil.mjs'), 'utf8'), EVIL)
    })
  }

  it('and has the right worker file under a second name does not use that one: the other name could belong to another user.', async () => {
    const project = sticky()
    const first = bench.open(project)
    const path = join(project.home, `worker-${first.workerFileHash.slice(0, 16)}.mjs`)
    linkSync(path, join(project.dir, 'second-name'))
    const second = bench.open(project)
    assert.equal(statSync(path).nlink, 1)
    assert.equal(await second.executeTool('echo', 1), 1)
  })

  it('and has a directory in the worker file\'s place is refused with a clear message.', async () => {
    const project = sticky()
    const name = await nameOfWorkerFile(project)
    mkdirSync(join(project.home, name), { recursive: true, mode: 0o700 })
    const error = refusal(project)
    assert.equal(error.code, 'ERR_CONFIG_INVALID')
    assert.match(error.message, /the worker file cannot be written/)
    assert.ok(error.hint)
  })

  it('and has pipes and links named like a bundle\'s files is used without waiting for them.', async () => {
    const project = sticky()
    mkdirSync(project.home, { mode: 0o700 })
    const slot = 'bundle-0123456789abcdef'
    execFileSync('mkfifo', [join(project.home, `${slot}.json`), join(project.home, `${slot}-0123456789abcdef.js`), join(project.home, '.new-0123456789abcdef')])
    symlinkSync('/dev/zero', join(project.home, 'worker-0123456789abcdef.0123456789abcdef.claim'))
    const { results, error } = await neighbour(project.dir, { sandbox: SANDBOX, minWorkers: 0, entrypointCache: true }, [{ tool: 'echo', input: 1 }])
    assert.deepEqual(results, [1], JSON.stringify(error))
    // A bundle that was ready before the manager was closed stays for the next one.
    const left = existsSync(project.home) ? readdirSync(project.home) : []
    assert.deepEqual(left.filter((name) => name.includes('0123456789abcdef')), [])
  })

  it('and has files that their owner lets others write, by workerFilePerm, keeps what is not checked from them.', async () => {
    const project = sticky()
    const manager = bench.open(project, { workerFilePerm: 0o666, isolation: 'call', minWorkers: 0, entrypointCache: true })
    for (let nth = 0; nth < 8; nth += 1) await manager.executeTool('echo', nth)
    for (const name of readdirSync(project.home)) {
      const open = ['.gitignore', `worker-${manager.workerFileHash.slice(0, 16)}.mjs`].includes(name)
      if (!name.startsWith('.new-')) assert.equal(statSync(join(project.home, name)).mode & 0o022, open ? 0o022 : 0, name)
    }
  })

  if (isRoot) {
    it('is refused in the same way for an ordinary user, with the files that such a user can plant.', () => testsByOther(fileURLToPath(import.meta.url)))

    it('and another user made is refused, and nothing of it is run.', () => {
      for (const mode of ['0700', '0755', '1777']) {
        const project = sticky()
        byOther(`mkdir -m ${mode} '${project.home}' && printf '%s' "evil" > '${project.home}/worker-0123456789abcdef.mjs'`)
        isRefused(project, new RegExp(`belongs to user ${OTHER}, who could change what is run from it; this process is user 0`), /rm -r .*run as user/)
        assert.deepEqual(readdirSync(project.home), ['worker-0123456789abcdef.mjs'])
      }
    })

    it('and another user made in their own project is refused too.', () => {
      const project = sticky()
      chownSync(project.dir, OTHER, OTHER)
      byOther(`mkdir -m 0700 '${project.home}'`)
      isRefused(project, /belongs to user/, /run as user/)
    })

    it('and has a file of another user is refused, whatever is in it.', async () => {
      for (const name of ['worker', '.gitignore', 'bundle-0123456789abcdef.json', 'worker-0123456789abcdef.0123456789abcdef.claim', '.new-0123456789abcdef']) {
        const project = sticky()
        const content = bench.open(project)
        const path = join(project.home, `worker-${content.workerFileHash.slice(0, 16)}.mjs`)
        const source = readFileSync(path)
        await content.close()
        mkdirSync(project.home, { mode: 0o700 })
        const planted = name === 'worker' ? path : join(project.home, name)
        writeFileSync(planted, name === 'worker' ? source : '', { mode: 0o600 })
        chownSync(planted, OTHER, OTHER)
        isRefused(project, new RegExp(`belongs to user ${OTHER}, and this process is user 0`), /^remove /)
      }
    })

    it('and root made is refused to an ordinary user, with what to do.', () => {
      const project = sticky()
      mkdirSync(project.home, { mode: 0o755 })
      const script = `import(${JSON.stringify(new URL('../index.js', import.meta.url).href)}).then(({ Manager }) => { try { new Manager(${JSON.stringify(project.dir)}, { sandbox: ${JSON.stringify(SANDBOX)} }) } catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })) } })`
      const said = execFileSync('setpriv', [`--reuid=${OTHER}`, `--regid=${OTHER}`, '--clear-groups', process.execPath, '-e', script], { encoding: 'utf8' })
      const { code, message, hint } = JSON.parse(said)
      assert.equal(code, 'ERR_CONFIG_INVALID')
      assert.match(message, new RegExp(`belongs to user 0, who could change what is run from it; this process is user ${OTHER}`))
      assert.match(hint, /rm -r/)
    })

    it('and is in the private directory that stands in for a project without write permission is passed over with that.', () => {
      const elsewhere = join(bench.project().dir, 'evil')
      mkdirSync(elsewhere, { mode: 0o755 })
      for (const [what, plant] of [
        ['another user made it', (path) => mkdirSync(path, { mode: 0o777 })],
        ['a link', (path) => symlinkSync(elsewhere, path)],
        ['a pipe', (path) => execFileSync('mkfifo', ['-m', '666', path])],
        ['the user’s own, which others may write', (path) => (mkdirSync(path), chmodSync(path, 0o777), chownSync(path, OTHER, OTHER))],
      ]) {
        const project = bench.project({ tools: 'values.ts', files: { 'place/kept': '' } })
        const place = project.path('place')
        chmodSync(project.dir, 0o755)
        chmodSync(place, 0o1777)
        const planted = join(place, `toolwarden-worker-${OTHER}`)
        plant(planted)
        const said = (env) => JSON.parse(execFileSync('setpriv', [`--reuid=${OTHER}`, `--regid=${OTHER}`, '--clear-groups', process.execPath, '-e', hostScript(project.dir)], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } }))
        assert.deepEqual(said({ TMPDIR: place }), { value: 1 }, what)
        // The user's own is empty, and may be removed.
        const there = lstatSync(planted, { throwIfNoEntry: false })
        assert.deepEqual([there?.isDirectory() ? readdirSync(planted) : [], readdirSync(elsewhere)], [[], []], what)
      }
    })

    it('and is given to another user while a manager is open starts no process any more.', async () => {
      const project = sticky()
      const manager = bench.open(project, { isolation: 'call', minWorkers: 0 })
      assert.equal(await manager.executeTool('echo', 1), 1)
      chownSync(project.home, OTHER, OTHER)
      const error = await manager.executeTool('echo', 1).catch((thrown) => thrown)
      assert.equal(error.code, 'ERR_WORKER_START')
      assert.match(error.message, /`\.toolwarden` to be this user's alone/)
      assert.match(error.hint, /make a new Manager/)
      chownSync(project.home, ME, ME)
      assert.equal(await manager.executeTool('echo', 1), 1)
    })
  }

  it('and others may write to from now on starts no process any more.', async () => {
    const project = sticky()
    const manager = bench.open(project, { isolation: 'call', minWorkers: 0 })
    assert.equal(await manager.executeTool('echo', 1), 1)
    chmodSync(project.home, 0o707)
    const error = await manager.executeTool('echo', 1).catch((thrown) => thrown)
    assert.equal(error.code, 'ERR_WORKER_START')
    assert.match(error.hint, /nobody else can write to it/)
  })
})
