/** Learning which flags tools need: enough and small, in both isolations and on both runtimes. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { configFromEnv } from '../index.js'
import { entries } from '../scripts/packages/flags.mjs'
import { failure, thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const PLACE = { entrypointPath: 'tools.mjs', minWorkers: 0, maxWorkers: 2 }
const FILES = {
  'package.json': '{"type":"module"}',
  '.env': 'KEY=1',
  'data/a.txt': 'a',
  ...Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`many/${name}.txt`, name])),
}

describe('A manager that learns', () => {
  const bench = workbench()
  let http
  const at = () => http.address().port

  before(async () => {
    http = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1')
    await once(http, 'listening')
    Object.assign(process.env, { LEARN_SECRET: 'hush', LEARN_AT_IMPORT: 'early', CI: '1' })
  })
  after(() => {
    http.close()
    for (const name of ['LEARN_SECRET', 'LEARN_AT_IMPORT']) delete process.env[name]
  })

  /** A project, and a directory beside it that no package is in. */
  function places() {
    const project = bench.project({ files: { 'package.json': '{"type":"module"}', '.env': 'KEY=1' } })
    project.copyTools('learning.mjs', 'tools.mjs')
    return { project, outside: bench.project({ files: FILES }) }
  }

  const config = (runtimeType, flags) => (runtimeType === 'node' ? { runtimeType, nodeOptions: ['--permission', ...flags] } : { runtimeType, bunPermissions: flags })

  for (const runtimeType of ['bun', 'node']) {
    for (const isolation of ['call', 'worker']) {
      describe(`with ${runtimeType} and isolation "${isolation}"`, () => {
        /** What one call needs, and that exactly this is enough. */
        async function learnt(project, tool, input, { reset = () => {} } = {}) {
          const learning = bench.open(project, { ...PLACE, runtimeType, isolation, learn: true })
          reset()
          const value = await learning.executeTool(tool, input)
          const found = learning.learnedInDetail()[tool]
          assert.deepEqual(learning.learned()[tool], found.flags)
          const values = entries(found.flags).filter((flag) => flag !== '--allow-env=LEARN_AT_IMPORT')
          const enforced = bench.open(project, { ...PLACE, isolation, ...config(runtimeType, values) })
          reset()
          assert.deepEqual(await enforced.executeTool(tool, input), value)
          for (const flag of values) {
            const less = bench.open(project, { ...PLACE, isolation, ...config(runtimeType, values.filter((other) => other !== flag)) })
            reset()
            const outcome = await less.executeTool(tool, input).catch(() => 'failed')
            assert.notDeepEqual(outcome, value, `${tool} works without ${flag}`)
          }
          return { ...found, values }
        }
        const word = (kind) => (runtimeType === 'node' ? `--allow-fs-${kind}` : `--allow-${kind}`)

        it('finds a few files by their names, and more as their directory.', async () => {
          const { project, outside } = places()
          const [one, ...more] = ['a', 'b', 'c', 'd'].map((name) => outside.path(`many/${name}.txt`))
          const few = await learnt(project, 'read', { paths: [one, outside.path('data/a.txt')] })
          assert.deepEqual(few.values.toSorted(), [`${word('read')}=${outside.path('data/a.txt')}`, `${word('read')}=${one}`].toSorted())
          const many = await learnt(project, 'read', { paths: [one, ...more] })
          assert.deepEqual(many.values, [`${word('read')}=${outside.path('many')}`])
          const listed = await learnt(project, 'list', { path: outside.path('many') })
          assert.deepEqual(listed.values, [`${word('read')}=${outside.path('many')}`])
        })

        it('finds nothing where nothing is needed, also of what belongs to the process.', async () => {
          const { project } = places()
          assert.deepEqual((await learnt(project, 'read', { paths: [project.path('package.json')] })).values, [])
          assert.deepEqual((await learnt(project, 'scratch', {})).values, [])
        })

        it('finds the directory of what is created, whatever its name is.', async () => {
          const { project, outside } = places()
          const writes = await learnt(project, 'replace', { directory: outside.path('data') })
          assert.deepEqual(writes.values, [`${word('read')}=${outside.path('data')}`, `${word('write')}=${outside.path('data')}`])
          const scratch = await learnt(project, 'scratch', { directory: outside.path('data') })
          assert.deepEqual(scratch.values, writes.values)
          const moved = await learnt(project, 'move', { from: outside.path('data'), to: outside.path('many') })
          const both = ['data', 'many'].map((name) => outside.path(name))
          assert.deepEqual(moved.values, [...both.map((path) => `${word('read')}=${path}`), ...both.map((path) => `${word('write')}=${path}`)])
          const mode = await learnt(project, 'mode', { path: outside.path('data/a.txt') })
          assert.deepEqual(mode.values, [`${word('write')}=${outside.path('data/a.txt')}`])
        })

        it('finds paths of the project relative to it, and says where a directory is wide or a file a secret.', async () => {
          const { project } = places()
          const secret = await learnt(project, 'read', { paths: [project.path('.env')] })
          assert.deepEqual(secret.values, [`${word('read')}=./.env`])
          assert.match(secret.notices.join('\n'), /\.env looks like a secret/)
          const own = await learnt(project, 'write', { path: project.path('made.txt') }, { reset: () => rmSync(project.path('made.txt'), { force: true }) })
          assert.deepEqual(own.values, [`${word('write')}=.`])
          assert.match(own.notices.join('\n'), /holds the tools' code/)
        })

        it('finds hosts as they were named, and servers with the port that they asked for.', async () => {
          const { project, outside } = places()
          const named = await learnt(project, 'get', { url: `http://localhost:${at()}/` })
          assert.deepEqual(named.values, [`--allow-net=localhost:${at()}`])
          const address = await learnt(project, 'get', { url: `http://127.0.0.1:${at()}/` })
          assert.deepEqual(address.values, [`--allow-net=127.0.0.1:${at()}`])
          assert.deepEqual((await learnt(project, 'own', {})).values, ['--allow-net=127.0.0.1'])
          const server = createSocketServer((socket) => socket.end('unix')).listen(outside.path('data/s'))
          await once(server, 'listening')
          assert.deepEqual((await learnt(project, 'socket', { path: outside.path('data/s') })).values, [`--allow-net=unix:${outside.path('data/s')}`])
          server.close()
        })

        it('finds programs, those that a program starts, and what they read.', async () => {
          const { project, outside } = places()
          const found = await learnt(project, 'run', { program: 'sh', args: ['-c', `cat ${outside.path('data/a.txt')} | sort`] })
          const programs = runtimeType === 'node' ? ['--allow-child-process'] : ['--allow-run=cat', '--allow-run=sh', '--allow-run=sort']
          assert.deepEqual(found.values, [`${word('read')}=${outside.path('data/a.txt')}`, ...programs])
        })

        it('finds variables that are read, not those of a copy, and leaves out what programs do without.', async () => {
          const { project } = places()
          const learning = bench.open(project, { ...PLACE, runtimeType, isolation, learn: true })
          for (const name of ['LEARN_SECRET', 'HOME', 'LEARN_NOWHERE', 'CI']) await learning.executeTool('variable', { name })
          assert.equal(await learning.executeTool('variable', { name: 'LEARN_SECRET' }), 'hush')
          assert.deepEqual(await learning.executeTool('copies', { name: 'LEARN_SECRET' }), [null, false])
          const { variable, copies } = learning.learnedInDetail()
          if (runtimeType === 'bun') {
            assert.deepEqual(variable.flags, ['--allow-env=LEARN_AT_IMPORT,LEARN_SECRET'])
            assert.deepEqual(variable.leftOut, ['--allow-env=CI'])
            assert.deepEqual(copies.flags, ['--allow-env=LEARN_AT_IMPORT'], 'the import of the entrypoint belongs to each tool')
          } else {
            assert.deepEqual([variable.flags, copies.flags], [[], []])
            assert.match(variable.notices.join('\n'), /LEARN_SECRET was read/)
          }
          assert.doesNotMatch(JSON.stringify(learning.learnedInDetail()), /hush/)
        })

        it('knows which tool did what, also of calls made at once, and what it did before it failed.', async () => {
          const { project, outside } = places()
          const learning = bench.open(project, { ...PLACE, runtimeType, isolation, learn: true, concurrentCallsPerWorker: 8 })
          assert.equal(learning.config.concurrentCallsPerWorker, 1)
          const [a, b] = [outside.path('many/a.txt'), outside.path('data/a.txt')]
          const calls = Array.from({ length: 6 }, () => [learning.executeTool('read', { paths: [a] }), failure(learning.executeTool('fails', { path: b }))])
          await Promise.all(calls.flat())
          const { read, fails } = learning.learnedInDetail()
          const paths = ({ flags }) => entries(flags).filter((flag) => flag.startsWith(word('read')))
          assert.deepEqual([paths(read), paths(fails)], [[`${word('read')}=${a}`], [`${word('read')}=${b}`]])
          assert.deepEqual([read.calls, read.failed, fails.calls, fails.failed], [6, 0, 6, 6])
          await learning.close()
          assert.deepEqual(learning.learned().read, read.flags)
        })

        it('says what the configured flags do not allow.', async () => {
          const { project, outside } = places()
          const flags = config(runtimeType, [`${word('read')}=${outside.path('data')}`])
          const learning = bench.open(project, { ...PLACE, isolation, ...flags, learn: true })
          await learning.executeTool('read', { paths: [outside.path('data/a.txt')] })
          const beyond = () => entries(learning.learnedInDetail().read.beyond).filter((flag) => !flag.includes('LEARN_AT_IMPORT'))
          assert.deepEqual(beyond(), [])
          await learning.executeTool('read', { paths: [outside.path('many/a.txt')] })
          assert.deepEqual(beyond(), [`${word('read')}=${outside.path('many/a.txt')}`])
        })
      })
    }
  }

  it('is never one by accident: only `learn` or its variable make it one, and not without a sandbox.', () => {
    const { project } = places()
    assert.deepEqual(configFromEnv({ TOOLWARDEN_LEARN: '1' }), { learn: true })
    const plain = bench.open(project, PLACE)
    assert.deepEqual([plain.config.learn, plain.enforcement.level, plain.learned()], [false, 'kernel', {}])
    const off = thrown(() => bench.open(project, { ...PLACE, learn: true, sandbox: 'off' }))
    assert.deepEqual(off.problems.map(({ field }) => field), ['sandbox'])
    const bound = thrown(() => bench.open(project, { ...PLACE, learn: { within: ['--allow-read=./missing'] } }))
    assert.match(bound.problems[0].field, /^learn\.within/)
  })

  it('leaves its mark on nothing: a project that was learnt from is as before.', async () => {
    const { project } = places()
    const learning = bench.open(project, { ...PLACE, learn: true })
    await learning.executeTool('nothing')
    await learning.close()
    assert.deepEqual(readdirSync(project.dir).filter((name) => name !== '.toolwarden').toSorted(), ['.env', 'package.json', 'tools.mjs'])
  })
})
