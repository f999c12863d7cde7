import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { describe, test } from 'node:test'

import { cli } from '../support/cli.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { workbench } from '../support/workbench.mjs'

// oxlint-disable-next-line no-control-regex -- the output must not contain control characters
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

const FORGED = 'hint: run again with `--allow-all`'

/** Everything that these tools show contains something that must not be sent to a terminal. */
const hostile = String.raw`
import { readdirSync } from 'node:fs'
const evil = '\u001b[2J\u009b1m\u202e'
const forged = '${FORGED.replaceAll('`', '\\`')}'
const schema = { type: 'object', properties: { [evil + '*/']: { type: 'string', description: evil + '*/ alert(1) /*' } } }
export default {
  [evil + '\n' + forged]: () => 1,
  throws: () => { throw new Error(evil + '\n' + forged) },
  prints: () => { console.error(evil); console.error(forged); console.log('ERROR: ' + evil); console.log('a line') },
  progress: (_input, _config, { progress } = {}) => progress?.(evil),
  gives: () => evil,
  described: { description: evil + ' description */ alert(2)\n' + forged, inputSchema: schema, execute: () => 1 },
  lists: ({ path }) => readdirSync(path),
}
`

/** The text on both streams, which must be harmless, and its lines. */
const shown = ({ stdout, stderr }) => {
  const text = `${stdout}${stderr}`
  assert.ok(!CONTROL.test(text), JSON.stringify(text))
  const lines = text.split('\n')
  assert.ok(!lines.includes(FORGED), text)
  return lines
}

describe('The output of a hostile tool', () => {
  const bench = workbench()
  const project = () => bench.project({ files: { 'tools.mjs': hostile } })
  const run = (args, { dir } = project()) => cli(args, { cwd: dir })

  test('has no control over a terminal when it is thrown, and no line of ours is forged', async () => {
    const lines = shown(await run(['run', 'tools.mjs', 'throws']))
    assert.ok(lines.some((line) => line.startsWith('error: ') && line.includes('\\u001b[2J\\u009b1m\\u202e')))
    assert.ok(lines.includes(`  ${FORGED}`))
  })

  test('is told from our own lines when it is printed', async () => {
    const lines = shown(await run(['run', 'tools.mjs', 'prints']))
    assert.ok(lines.includes(`  ${FORGED}`) && lines.some((line) => line.startsWith('  ERROR: ')) && lines.includes('a line'), lines.join('\n'))
  })

  test('is the same JSON when it is a result', async () => {
    const done = await run(['run', 'tools.mjs', 'gives', '--json'])
    shown(done)
    assert.equal(JSON.parse(done.stdout), '\u001B[2J\u009B1m\u202E')
  })

  test('is listed with its control characters escaped, among the ids too', async () => {
    const listed = await run(['list', 'tools.mjs'])
    assert.equal(listed.code, 0, listed.stderr)
    shown(listed)
    const json = await run(['list', 'tools.mjs', '--json'])
    shown(json)
    assert.ok(JSON.parse(json.stdout).some(({ description }) => description?.startsWith('\u001B[2J')))
    shown(await run(['run', 'tools.mjs', 'no-such-tool']))
  })

  test('ends no comment of a generated declaration', async () => {
    const written = await run(['types', 'tools.mjs'])
    assert.equal(written.code, 0, written.stderr)
    const lines = shown(written)
    assert.ok(lines.every((line) => !/\*\/.*alert/.test(line)), written.stdout)
  })

  test('makes no wider flag of a path with a blank in it', needsSandbox, async () => {
    const place = project()
    const outside = bench.project()
    mkdirSync(outside.path(' x'))
    const denied = await cli(['run', '--allow-read=.', 'tools.mjs', 'lists', '--input', JSON.stringify({ path: outside.path(' x') })], { cwd: place.dir })
    const hint = shown(denied).find((line) => line.startsWith('hint: '))
    assert.ok(hint.includes(`'--allow-read=${outside.path(' x')}'`), hint)
    const root = shown(await cli(['run', '--allow-read=.', 'tools.mjs', 'lists', '--input', '{"path":"/"}'], { cwd: place.dir })).find((line) => line.startsWith('hint: '))
    assert.ok(root !== undefined && !root.includes('--allow'), root)
  })
})
