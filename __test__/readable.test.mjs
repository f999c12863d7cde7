import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { cli } from './support/cli.mjs'
import { workbench } from './support/workbench.mjs'

const READER = `
import { closeSync, openSync, readFileSync } from 'node:fs'
const said = (path) => { try { closeSync(openSync(path)); return 'read' } catch (error) { return error.code } }
export const read = { inputSchema: { type: 'object' }, execute: ({ paths }) => Object.fromEntries(paths.map((path) => [path, said(path)])) }
`

describe('What is readable without a flag', () => {
  const bench = workbench()

  for (const runtimeType of ['bun', 'node']) {
    const none = runtimeType === 'bun' ? { bunPermissions: [] } : { nodeOptions: ['--permission'] }

    it(`is what enforcement.readable names, with ${runtimeType}.`, async () => {
      const project = bench.project({ files: { 'tools.mjs': READER, 'data.txt': '' } })
      const outside = bench.project({ files: { 'data.txt': '' } })
      const manager = bench.open(project, { runtimeType, ...none, entrypointPath: 'tools.mjs' })
      const { readable } = manager.enforcement
      const named = await manager.executeTool('read', { paths: readable })
      assert.deepEqual(Object.entries(named).filter(([, said]) => said !== 'read'), [])
      const inside = (path) => readable.some((above) => path === above || path.startsWith(`${above}/`))
      const others = ['/etc/shadow', '/etc/hostname', '/etc', '/usr/bin/env', '/proc/self/environ', '/proc/meminfo', '/dev/tty', outside.path('data.txt')]
      assert.deepEqual(others.filter(inside), [])
      const said = await manager.executeTool('read', { paths: others })
      assert.deepEqual(Object.entries(said).filter(([, code]) => !['EACCES', 'ENOENT', 'EPERM'].includes(code)), [])
      assert.equal((await manager.executeTool('read', { paths: [project.path('data.txt')] }))[project.path('data.txt')], 'read')
      assert.ok(inside(project.path('data.txt')))
    })

    // HOME belongs to the process: each case is a run of the command line.
    const inHome = async (home, cwd, entrypoint, paths) => {
      const flags = ['--runtime', runtimeType, '--allow-net=127.0.0.1:1']
      const input = JSON.stringify({ paths })
      const { stdout, stderr } = await cli(['run', entrypoint, 'read', '--input', input, ...flags], { cwd, env: { ...process.env, HOME: home } })
      assert.ok(stdout.startsWith('{'), `${stdout}${stderr}`)
      return JSON.parse(stdout)
    }
    const home = () => {
      const project = bench.project({
        files: {
          'package.json': '{}',
          'tools.mjs': READER,
          'keys/id': 'secret',
          'secret.txt': 'secret',
          'work/app/tools/tools.mjs': READER,
          'work/app/data.txt': '',
          'work/notes.txt': '',
          'work/package.json': '{}',
        },
      })
      mkdirSync(project.path('empty'))
      return project
    }

    it(`is not the home directory for a package.json that lies there, with ${runtimeType}.`, async () => {
      const project = home()
      const [id, secret, notes, data] = ['keys/id', 'secret.txt', 'work/notes.txt', 'work/app/data.txt'].map(project.path)
      const paths = [id, secret, notes, data]
      // The entrypoint in the home directory itself, in a directory below it, and elsewhere.
      const atHome = await inHome(project.dir, project.dir, 'tools.mjs', paths)
      assert.deepEqual(atHome, { [id]: 'EACCES', [secret]: 'EACCES', [notes]: 'EACCES', [data]: 'EACCES' })
      const below = await inHome(project.dir, project.path('work/app'), 'tools/tools.mjs', paths)
      assert.deepEqual(below, { [id]: 'EACCES', [secret]: 'EACCES', [notes]: 'EACCES', [data]: 'EACCES' })
      const elsewhere = await inHome(project.dir, project.path('empty'), '../work/app/tools/tools.mjs', paths)
      assert.deepEqual(elsewhere, { [id]: 'EACCES', [secret]: 'EACCES', [notes]: 'read', [data]: 'read' })
    })

    it(`is the package that begins in the working directory, with ${runtimeType}.`, async () => {
      const project = home()
      const [notes, data, id] = ['work/notes.txt', 'work/app/data.txt', 'keys/id'].map(project.path)
      const said = await inHome(project.dir, project.path('work'), 'app/tools/tools.mjs', [notes, data, id])
      assert.deepEqual(said, { [notes]: 'read', [data]: 'read', [id]: 'EACCES' })
    })
  }
})
