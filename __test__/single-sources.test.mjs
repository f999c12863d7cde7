/** What has to stand in two places, compared: a change of one that forgets the other fails here. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultConfig, testConfig, developmentConfig, productionConfig, debugConfig } from '../index.js'
import { exitCodeOf } from '../js/cli/exit-codes.js'
import { CHANGES } from '../js/adapters/mcp/annotations.js'
import { PERMISSION_FLAGS, PERMISSION_HELP, permissionConfig } from '../js/cli/permission-flags.js'
import { withProbeSite } from '../js/cli/doctor/probe-site.js'
import { errorFrom } from '../js/errors.js'
import { captureSite } from '../js/call-site.js'
import { NODE_FLAGS, nodeFlag, nodeFlagForAnyProgram } from '../js/node-flags.js'
import * as protocol from '../src/worker/template/protocol.mjs'
import { read, tableRows } from './support/repository.mjs'

const contract = read('index.d.ts')
/** Code to class, as the comments of the contract have them. @type {Map<string, string>} */
const CODES = new Map(
  contract
    .split('export type ErrorCode =')[1]
    .split('\n\n')[0]
    .split('\n')
    .filter((line) => line.includes("| '"))
    .map((line) => [/\| '(\w+)'/.exec(line)[1], /\/\/ (\w+(?:Error)?)/.exec(line)[1]]),
)
/** The contract says of this one its `name` instead. */
CODES.set('ABORT_ERR', 'ToolExecutionError')

const SITE = captureSite(read)
const classOf = (code) => errorFrom({ code, message: '' }, SITE).constructor.name

/** A cell such as `"60s"`, `10485760` (10 MiB), both `false`. */
const milliseconds = { ms: 1, s: 1000, m: 60_000 }
function valueOf(field, cell) {
  const text = /`([^`]*)`/.exec(cell)?.[1]
  if (text === undefined) return cell
  if (text === 'Infinity') return Infinity
  const duration = /^"(\d+)(ms|s|m)"$/.exec(text)
  if (duration !== null) return Number(duration[1]) * milliseconds[duration[2]]
  if (text.startsWith('0o')) return Number(text)
  const value = JSON.parse(text)
  return field === 'telemetry' ? { recordInputs: value, recordOutputs: value } : value
}

/** Defaults that follow from the machine or the project. */
const FOUND = {
  runtimePath: 'found',
  entrypointPath: '`"./tools.ts"` where it exists',
  maxWorkers: 'CPUs, at least 2 and `minWorkers`',
}

describe('Settings', () => {
  const rows = tableRows(read('README.md'), 'field')
  const defaults = defaultConfig()

  test('are the same in the README, the contract and the core', () => {
    const fields = Object.keys(defaults).toSorted()
    assert.deepEqual(rows.map(([field]) => field.replaceAll('`', '')).toSorted(), fields)
    const config = contract.split('export interface Config {')[1].split('\n}\n')[0]
    assert.deepEqual([...config.matchAll(/^ {2}(\w+)\?:/gm)].map(([, field]) => field).toSorted(), fields)
    const builder = contract.split('export class ManagerBuilder {')[1].split('\n}\n')[0]
    for (const field of fields) assert.match(builder, new RegExp(`^ {2}${field}\\(`, 'm'))
  })

  for (const [name, cell] of rows) {
    const field = name.replaceAll('`', '')
    test(`${field}: its default in the README is that of the core`, () => {
      if (Object.hasOwn(FOUND, field)) assert.equal(cell, FOUND[field])
      else assert.deepEqual(defaults[field], valueOf(field, cell))
    })
  }

  test('their defaults in the contract are those of the core', () => {
    const config = contract.split('export interface Config {')[1].split('\n}\n')[0]
    let compared = 0
    for (const [, comment, field] of config.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(\w+)\?:/g)) {
      const said = /Default ("[^"]*"|\[[^\]]*\]|0o\d+|\d+ MiB|\d+|Infinity|false)/.exec(comment)?.[1] ?? /("[^"]*") \(default\)/.exec(comment)?.[1]
      if (said === undefined || Object.hasOwn(FOUND, field)) continue
      const mebibytes = /^(\d+) MiB$/.exec(said)
      assert.deepEqual(defaults[field], mebibytes === null ? valueOf(field, `\`${said}\``) : Number(mebibytes[1]) * 2 ** 20, field)
      compared += 1
    }
    assert.ok(compared >= 15, `${compared} defaults were found`)
  })

  test('the presets of docs/configuration.md are those of the core', () => {
    const cells = Object.fromEntries(tableRows(read('docs/configuration.md'), '').map(([name, ...presets]) => [name, presets]))
    const presets = [defaultConfig(), testConfig(), developmentConfig(), productionConfig(), debugConfig()]
    assert.deepEqual(
      cells.timeout,
      presets.map(({ toolExecutionTimeout }) => `${toolExecutionTimeout / 1000} s`),
    )
    assert.deepEqual(
      cells.memory,
      presets.map(({ maxMemoryMb }) => `${maxMemoryMb} MiB`),
    )
    assert.deepEqual(
      cells.permissions,
      presets.map(({ bunPermissions }) => bunPermissions.map((flag) => flag.replace('--allow-', '')).join(', ')),
    )
  })
})

describe('Error codes', () => {
  test('have the same class in the contract, the core, the JavaScript half and the README', () => {
    const core = [...read('src/error/code.rs').matchAll(/^ {4}\w+ = "(\w+)", (\w+);$/gm)].map(([, code, name]) => [code, `${name}Error`])
    assert.deepEqual(core, [...CODES])
    for (const [code, name] of CODES) assert.equal(classOf(code), name, code)
    const readme = tableRows(read('README.md'), 'code').map(([code, name]) => [code.replaceAll('`', ''), /`(\w+)`/.exec(name)[1]])
    assert.deepEqual(new Map(readme.toSorted()), new Map([...CODES].toSorted()))
  })

  test('have exit codes, and only those that there are', () => {
    const named = [...read('js/cli/exit-codes.js').matchAll(/^ {2}(ERR_\w+|ABORT_ERR):/gm)].map(([, code]) => code)
    for (const code of named) assert.ok(CODES.has(code), code)
    assert.ok(named.length >= 10)
    assert.equal(exitCodeOf({ code: 'ERR_TOOL_THREW' }), 1)
  })

  test('are written whole in tests, and are of the contract or of a runtime', () => {
    /** What Node, Bun and the worker file's list of tools have. */
    const others = /^ERR_(?:DLOPEN_FAILED|REQUIRE_ESM|MODULE_NOT_FOUND|SOCKET_\w+|SYSTEM_ERROR|CATALOGUE_TOO_LARGE)$/
    for (const [file, text] of read.all(/^__test__\/.*\.(?:mjs|ts)$/)) {
      // Type tests write down what must not compile.
      if (file.endsWith('single-sources.test.mjs') || file.startsWith('__test__/types/')) continue
      for (const [code] of text.matchAll(/\bERR_[A-Z_]*/g)) {
        assert.ok(CODES.has(code) || others.test(code), `${file}: ${code} is no code`)
      }
    }
  })
})

describe('Permission flags', () => {
  const listed = (file) => [...read(file).split('const FLAGS')[1].split('];')[0].matchAll(/"(-[^"]+)"/g)].map(([, flag]) => flag)

  test('of the command line are those of the core', () => {
    const long = listed('src/config/permissions/bun.rs').filter((flag) => flag.startsWith('--'))
    assert.deepEqual(PERMISSION_FLAGS.toSorted(), long.toSorted())
    for (const flag of long) assert.ok(PERMISSION_HELP.includes(flag), `${flag} is not in the help`)
    const page = read('docs/permissions.md')
    for (const flag of long) assert.match(page, new RegExp(`\\| .*\`${flag}[\`=[]`), `${flag} is in no table of docs/permissions.md`)
  })

  test('have a kind in the contract where the core records refusals of them', () => {
    const core = [...read('src/sandbox/denial.rs').matchAll(/^ {12}Permission::\w+ => "(\w+)",$/gm)].map(([, kind]) => kind)
    const [, union] = /export interface Denial \{\n {2}permission: ([^\n]+)\n/.exec(contract)
    assert.deepEqual([...union.matchAll(/'(\w+)'/g)].map(([, kind]) => kind), core)
    for (const kind of core) assert.ok(PERMISSION_FLAGS.includes(`--allow-${kind}`), kind)
  })

  test('each say what they let a tool change, for clients of MCP', () => {
    assert.deepEqual(Object.keys(CHANGES).toSorted(), PERMISSION_FLAGS.toSorted())
  })

  test('are each tried by doctor, but for the one that means no sandbox', async () => {
    const kinds = await withProbeSite(async ({ probes }) => probes.map(({ kind }) => kind))
    const allowing = PERMISSION_FLAGS.filter((flag) => flag.startsWith('--allow-') && flag !== '--allow-all')
    assert.deepEqual(kinds.map((kind) => `--allow-${kind}`).toSorted(), allowing.toSorted())
  })

  test('are translated to words that the core knows of Node', () => {
    const known = new Set(listed('src/config/permissions/node.rs'))
    // Node has no flag for variables: nothing but a call gives them, and the core says so.
    const allowed = PERMISSION_FLAGS.filter((flag) => flag.startsWith('--allow-') && flag !== '--allow-env')
    const { nodeOptions } = permissionConfig(allowed, 'node')
    assert.equal(nodeOptions.length, allowed.length)
    for (const option of nodeOptions) assert.ok(known.has(option.split('=')[0]), option)
  })

  test('have the same words of Node in the core', () => {
    const [code] = read('src/config/permissions/node_words.rs').split('#[cfg(test)]')
    const core = [...code.matchAll(/"(--allow-[a-z-]+)" => Some\((?:format!\()?"(--allow-[a-z-]+)/g)].map(([, flag, word]) => [flag, word])
    assert.deepEqual(core, [...NODE_FLAGS])
  })

  test('are translated with and without a list', () => {
    const cases = [
      ['--allow-read', '--allow-fs-read=*'],
      ['--allow-read=/a=b', '--allow-fs-read=/a=b'],
      ['-R', '--allow-fs-read=*'],
      ['-W=/a\nb', '--allow-fs-write=/a\nb'],
      ['-N=a.test', '--allow-net=a.test'],
      ['--allow-net', '--allow-net'],
      ['--allow-run', '--allow-child-process'],
      ['--allow-run=git', '--allow-run=git'],
      ['--allow-fs-read', '--allow-fs-read=*'],
      ['--deny-net=a', '--deny-net=a'],
      ['--permission', '--permission'],
    ]
    for (const [bun, node] of cases) assert.equal(nodeFlag(bun), node)
    assert.equal(nodeFlagForAnyProgram('--allow-run=git'), '--allow-child-process')
  })
})

describe('The protocol of docs/protocol.md', () => {
  const page = read('docs/protocol.md')

  test('has the places of the shared memory', () => {
    const bytes = tableRows(page, 'byte').map(([at]) => Number(at)).filter((at) => !Number.isNaN(at))
    const { RING_WRITTEN, RING_READ, RING_WANTED, RING_SIZE, RING_START } = protocol
    assert.deepEqual(bytes, [...[RING_WRITTEN, RING_READ, RING_WANTED, RING_SIZE].map((index) => 4 * index), RING_START])
  })

  test('has the values of fields', () => {
    const { LEVEL, RETRY, STATUS, STDERR, STDOUT, CHANNEL_FD, MEMORY_FD, PROTOCOL } = protocol
    const listed = (values) => Object.entries(values).map(([name, value]) => `${value} ${name}`).join(', ')
    const text = page.replaceAll(/\s+/g, ' ')
    assert.ok(text.includes(`Stream: ${listed({ stdout: STDOUT, stderr: STDERR })}. Level: ${listed(LEVEL)}. Retry: ${listed(RETRY)}.`))
    const statuses = tableRows(page, 'status of RESULT').flatMap(([cell]) => cell.split(', '))
    assert.deepEqual(
      statuses.map((status) => Number(status.split(' ')[0])),
      Object.values(STATUS),
    )
    assert.ok(text.includes(`file descriptor ${CHANNEL_FD} of the worker`) && text.includes(`File descriptor ${MEMORY_FD} of a Bun process`))
    assert.ok(text.includes(`is the version, now ${PROTOCOL},`))
  })
})

describe('Hints', () => {
  /** A sentence where a hint is given. */
  const LITERAL = /\.hint\(\s*(?:"|format!)|\bhint: (?:"|format!)/
  test('of the core are in src/error/hints, not where they are given', () => {
    for (const [file, text] of read.all(/^src\/.*\.rs$/)) {
      // What tests give is no advice.
      const [code] = text.split('#[cfg(test)]')
      if (!file.startsWith('src/error/')) assert.doesNotMatch(code, LITERAL, file)
    }
  })

  test('of the JavaScript half are in js/hints.js, those of the command line in js/cli/hints.js', () => {
    for (const [file, text] of read.all(/^js\/.*\.js$/)) {
      if (file.endsWith('/hints.js')) continue
      assert.doesNotMatch(text, /\bhint(?:: | = )['"`](?!['"`])/, file)
      assert.doesNotMatch(text, /new UsageError\((?:`[^`]*`|'[^']*'),\s*['"`]/, file)
    }
  })
})
