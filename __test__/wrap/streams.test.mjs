/** `toolwarden wrap`: what goes in and comes out of a wrapped program, and how its end is told. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { describe, test } from 'node:test'

import '../support/about-the-sandbox.mjs'
import { BIN, cli, environment, startCli } from '../support/cli.mjs'
import { processEnd } from '../support/processes.mjs'
import { startInTerminal } from '../support/terminal.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** Runs it with binary streams. @param {string[]} args @param {Buffer} input */
async function binary(args, input, cwd) {
  const child = spawn(process.execPath, [BIN, 'wrap', ...args], { cwd, env: environment({}) })
  const out = []
  child.stdout.on('data', (chunk) => out.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = await bounded(once(child, 'close'), 'the program to end')
  return { code, stdout: Buffer.concat(out) }
}

describe('toolwarden wrap passes on', () => {
  const bench = workbench({ shared: true })
  let project
  const cwd = () => (project ??= bench.project({ files: { 'package.json': '{}' } })).dir
  const wrap = (args, options = {}) => cli(['wrap', ...args], { cwd: cwd(), ...options })

  test('binary input and output, however long and with full pipes', async () => {
    const bytes = randomBytes(3 * 1024 * 1024)
    const { code, stdout } = await binary(['--', 'cat'], bytes, cwd())
    assert.equal(code, 0)
    assert.equal(sha256(stdout), sha256(bytes))
  })

  test('both output streams apart, and adds nothing of its own', async () => {
    const { code, stdout, stderr } = await wrap(['--', 'sh', '-c', 'echo out; echo err >&2'])
    assert.deepEqual([code, stdout, stderr], [0, 'out\n', 'err\n'])
  })

  test('arguments that look like flags of its own', async () => {
    const { stdout } = await wrap(['--', 'printf', '%s|', '--allow-net', '-A', '', '--', 'a b'])
    assert.equal(stdout, '--allow-net|-A||--|a b|')
  })

  test('the exit code, and a signal as 128 and its number', async () => {
    for (const [script, expected] of [['exit 0', 0], ['exit 7', 7], ['exit 255', 255], ['kill -9 $$', 137], ['kill -ABRT $$', 134]]) {
      assert.equal((await wrap(['--', 'sh', '-c', script])).code, expected, script)
    }
  })

  test('SIGINT and SIGTERM: the program decides how it ends', async () => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      const script = `process.on('${signal}', () => { console.log('got ${signal}'); process.exit(5) }); console.error('ready'); setInterval(() => {}, 1000)`
      const started = startCli(['wrap', '--', 'node', '-e', script], { cwd: cwd() })
      await started.err.line('ready')
      started.child.kill(signal)
      const { code, stdout } = await started.ended()
      assert.deepEqual([code, stdout], [5, `got ${signal}\n`])
    }
  })

  test('SIGINT and SIGTERM that end it as 130 and 143', async () => {
    for (const [signal, expected] of [['SIGINT', 130], ['SIGTERM', 143]]) {
      const started = startCli(['wrap', '--', 'sh', '-c', 'echo ready >&2; while :; do read line || :; done'], { cwd: cwd() })
      await started.err.line('ready')
      started.child.kill(signal)
      assert.equal((await started.ended()).code, expected, signal)
    }
  })

  test('no descriptor of its own, nor one that it inherited', async () => {
    const open = openSync(BIN, 'r')
    try {
      const script = 'console.log(require("node:fs").readdirSync("/proc/self/fd").map((fd) => { try { return require("node:fs").readlinkSync(`/proc/self/fd/${fd}`) } catch { return "" } }).join("\\n"))'
      const child = spawn(process.execPath, [BIN, 'wrap', '--', 'node', '-e', script], { cwd: cwd(), env: environment({}), stdio: ['ignore', 'pipe', 'ignore', open] })
      const out = []
      child.stdout.setEncoding('utf8').on('data', (text) => out.push(text))
      const [code] = await bounded(once(child, 'close'), 'the program to end')
      assert.equal(code, 0)
      // Its standard output is the only socket, because this test made it one.
      assert.equal(out.join('').match(/socket:/g)?.length, 1, out.join(''))
      assert.doesNotMatch(out.join(''), /bin\.js|toolwarden/)
    } finally {
      closeSync(open)
    }
  })

  test('a terminal: what is typed, its modes, and Ctrl-C', async () => {
    const script = 'test -t 0 && test -t 1 && echo both; read line; echo "got $line"; read more'
    const shell = startInTerminal(['wrap', '--', 'sh', '-c', script], { cwd: cwd() })
    await shell.shows('both')
    shell.type('typed\n')
    await shell.shows('got typed')
    shell.type('\u0003')
    const ended = await shell.ended()
    assert.equal(ended.code, 130, ended.output)
    const raw = 'process.stdin.setRawMode(true); console.log("raw"); process.stdin.on("data", (typed) => { console.log("code " + typed[0]); process.exit(6) })'
    const node = startInTerminal(['wrap', '--', 'node', '-e', raw], { cwd: cwd() })
    await node.shows('raw')
    node.type('\u0003')
    const { code, output } = await node.ended()
    assert.equal(code, 6, output)
    assert.doesNotMatch(output, /denied/)
    assert.match(output, /^code 3$/m)
  })

  test('an environment built from nothing, with what --allow-env names', async () => {
    const script = 'console.log(JSON.stringify(Object.keys(process.env)))'
    const env = { SECRET: 's', GIVEN: 'g' }
    const names = async (flags) => JSON.parse((await wrap([...flags, '--', 'node', '-e', script], { env })).stdout)
    const none = await names([])
    assert.ok(!none.includes('SECRET') && !none.includes('GIVEN') && none.includes('PATH'), none.join())
    const some = await names(['--allow-read', '--allow-env=GIVEN'])
    assert.ok(!some.includes('SECRET') && some.includes('GIVEN'), some.join())
  })

  test('and ends everything that the program had started', async () => {
    const script = 'sleep 1000 >/dev/null 2>&1 & echo $!'
    const { code, stdout } = await wrap(['--allow-read', '--allow-run', '--', 'sh', '-c', script])
    assert.equal(code, 0)
    await processEnd(Number(stdout))
  })

  test('and dies with it: a killed toolwarden leaves no process', async () => {
    const started = startCli(['wrap', '--allow-run', '--', 'sh', '-c', 'sleep 1000 & echo sleep=$! >&2; echo shell=$$ >&2; wait'], { cwd: cwd() })
    const pids = [await started.err.number('sleep'), await started.err.number('shell')]
    started.child.kill('SIGKILL')
    await started.ended()
    for (const pid of pids) await processEnd(pid)
  })
})
