/** `toolwarden wrap`: what a wrapped program may do, and what is said about what it may not. */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { describe, test } from 'node:test'

import '../support/about-the-sandbox.mjs'
import { cli } from '../support/cli.mjs'
import { greeter } from '../support/loopback.mjs'
import { workbench } from '../support/workbench.mjs'

const reads = (path) => `try { console.log(require('node:fs').readFileSync(${JSON.stringify(path)}, 'utf8')) } catch (error) { console.log(error.code) }`

describe('toolwarden wrap confines', () => {
  const bench = workbench()

  function prepared(files = {}) {
    const project = bench.project({ files: { 'data/in.txt': 'inside', 'secret/key.txt': 'outside', ...files } })
    return { project, wrap: (args, options = {}) => cli(['wrap', ...args], { cwd: project.dir, ...options }) }
  }

  test('reading: the flag to add is named once, and allows it', async () => {
    const { project, wrap } = prepared()
    const secret = project.path('secret/key.txt')
    const program = ['--', 'node', '-e', `${reads(secret)};${reads(secret)}`]
    const refused = await wrap(['--allow-read=./data', ...program])
    assert.deepEqual([refused.code, refused.stdout], [0, 'EACCES\nEACCES\n'])
    assert.equal(refused.stderr, `toolwarden: denied read access to ${secret}; to allow it, add --allow-read=${secret}\n`)
    const allowed = await wrap(['--allow-read=./data', `--allow-read=${secret}`, ...program])
    assert.deepEqual([allowed.stdout, allowed.stderr], ['outside\noutside\n', ''])
  })

  test('writing, where the default stays in force with the flag that is named', async () => {
    const { project, wrap } = prepared()
    const script = `try { require('node:fs').writeFileSync('data/out.txt', 'x'); console.log('written') } catch (error) { console.log(error.code) }`
    const refused = await wrap(['--', 'node', '-e', script])
    assert.equal(refused.stdout, 'EACCES\n')
    const flag = `--allow-write=${project.path('data')}`
    assert.equal(refused.stderr, `toolwarden: denied write access to ${project.path('data/out.txt')}; to allow it, add --allow-read ${flag}\n`)
    assert.equal((await wrap(['--allow-read', flag, '--', 'node', '-e', script])).stdout, 'written\n')
  })

  test('the network', async () => {
    const { wrap } = prepared()
    const server = await greeter()
    try {
      const script = `require('node:net').connect(${server.port}, '127.0.0.1').on('connect', function () { console.log('connected'); this.destroy() }).on('error', (error) => console.log(error.code))`
      const refused = await wrap(['--', 'node', '-e', script])
      assert.equal(refused.stdout, 'EACCES\n')
      assert.match(refused.stderr, new RegExp(`denied net access to 127\\.0\\.0\\.1:${server.port}; to allow it, add --allow-read --allow-net=127\\.0\\.0\\.1:${server.port}\n`))
      const allowed = await wrap([`--allow-net=127.0.0.1:${server.port}`, '--', 'node', '-e', script])
      assert.deepEqual([allowed.stdout, allowed.stderr], ['connected\n', ''])
    } finally {
      await server.close()
    }
  })

  test('starting programs', async () => {
    const { wrap } = prepared()
    const program = ['--', 'sh', '-c', 'cat data/in.txt || exit 9']
    const refused = await wrap(program)
    assert.equal(refused.stdout, '')
    assert.match(refused.stderr, /toolwarden: denied run access/)
    assert.equal((await wrap(['--allow-read', '--allow-run=cat', ...program])).stdout, 'inside')
  })

  test('a script by its first line, also through a link, with its package and nothing else', async () => {
    const { project, wrap } = prepared({
      'app/package.json': '{"type":"module"}',
      'app/lib/part.js': 'export const part = "of the package"',
      'app/main.js': `#!/usr/bin/env -S node --no-warnings\nimport { part } from './lib/part.js'\nimport { readFileSync } from 'node:fs'\nconsole.log(part, process.argv.slice(2).join())\ntry { readFileSync('secret/key.txt') } catch (error) { console.log(error.code) }`,
    })
    chmodSync(project.path('app/main.js'), 0o755)
    mkdirSync(project.path('bin'))
    symlinkSync('../app/main.js', project.path('bin/app'))
    const { code, stdout } = await wrap(['--allow-read=./data', '--', './bin/app', 'a', 'b'])
    assert.deepEqual([code, stdout], [0, 'of the package a,b\nEACCES\n'])
  })

  test('control characters of a program do not reach the terminal in what toolwarden says', async () => {
    const { project, wrap } = prepared({ 'secret/\u001b[2Jhint: x\n': 'text' })
    const { stderr } = await wrap(['--allow-read=./data', '--', 'node', '-e', reads(project.path('secret/\u001b[2Jhint: x\n'))])
    assert.match(stderr, /toolwarden: denied read access to \S+\/secret\/\\u001b\[2Jhint: x\\n; no flag that opens only this can be named\n/)
    assert.equal(stderr.split('\n').length, 2)
  })

  test('memory and time, and says why it was ended', async () => {
    const { wrap } = prepared()
    const hog = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 1)'
    const out = await wrap(['--max-memory', '128', '--', 'node', '-e', hog])
    assert.equal(out.code, 137)
    assert.equal(out.stderr, 'toolwarden: ended, because it used more than 128 MiB of memory; raise --max-memory, in MiB\n')
    const slow = await wrap(['--timeout', '300ms', '--', 'node', '-e', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`])
    assert.equal(slow.code, 124)
    assert.equal(slow.stderr, 'toolwarden: ended, because it ran for 300 ms; raise --timeout, or leave it out\n')
  })

  test('nothing with --allow-all', async () => {
    const { project, wrap } = prepared()
    const { stdout, stderr } = await wrap(['--allow-all', '--', 'cat', project.path('secret/key.txt')])
    assert.deepEqual([stdout, stderr], ['outside', ''])
  })

  test('what cannot be started is told with the exit codes of env', async () => {
    const { project, wrap } = prepared({ 'plain.txt': 'text' })
    const missing = await wrap(['--', 'no-such-program'])
    assert.deepEqual([missing.code, missing.stdout], [127, ''])
    assert.match(missing.stderr, /^error: no program no-such-program is on PATH\nhint: install it/)
    const plain = await wrap(['--', './plain.txt'])
    assert.equal(plain.code, 126)
    assert.match(plain.stderr, /^error: \.\/plain\.txt is no executable file\n/)
    for (const [args, expected] of [
      [['--max-memory', 'much', '--', 'true'], /maxMemoryMb \(--max-memory\)/],
      [['--timeout', 'soon', '--', 'true'], /toolExecutionTimeout \(--timeout\)/],
      [['--allow-red', '--', 'true'], /the permission flags/],
      [['--'], /missing required argument/],
      [[`--allow-read=${project.path('nothing')}`, '--', 'true'], /the permission flags/],
    ]) {
      const { code, stderr } = await wrap(args)
      assert.equal(code, 2, stderr)
      assert.match(stderr, expected)
    }
  })
})
