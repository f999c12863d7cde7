/** What `npm run build:all` reads from an addon, what it refuses, and how the packages must fit together. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readElf } from '../scripts/build-all/elf.mjs'
import { newestGlibc, problemsOf } from '../scripts/build-all/judge.mjs'
import { readMachO } from '../scripts/build-all/mach-o.mjs'
import { packAll } from '../scripts/build-all/packed.mjs'
import { packingProblems } from '../scripts/build-all/packing-problems.mjs'
import { TARGETS } from '../scripts/build-all/targets.mjs'
import { root } from './support/repository.mjs'

const X86_64 = 62
const AARCH64 = 183
const addon = join(root, 'toolwarden.linux-x64-gnu.node')

describe('An addon', () => {
  test('is read: processor, libraries, versions and what it exports', () => {
    const elf = readElf(readFileSync(addon))
    assert.deepEqual([elf.machine, elf.isLibrary], [X86_64, true])
    assert.ok(elf.needed.includes('libc.so.6'), elf.needed.join())
    assert.ok(elf.versions.includes('GLIBC_2.2.5'), elf.versions.join())
    assert.ok(elf.exported.includes('napi_register_module_v1'), elf.exported.join())
    assert.ok(!elf.exported.includes('napi_create_object'), 'what it imports is not exported')
    assert.ok(elf.unversioned.includes('napi_create_object') && !elf.unversioned.includes('malloc'), elf.unversioned.join())
  })

  test('that is something else is no addon', () => {
    assert.throws(() => readElf(readFileSync(join(root, 'package.json'))), /not a 64-bit little-endian ELF file/)
    assert.throws(() => readElf(Buffer.alloc(3)), /not a 64-bit little-endian ELF file/)
  })

  const [glibc, musl] = TARGETS
  const good = { machine: X86_64, isLibrary: true, needed: ['libc.so.6'], versions: ['GLIBC_2.2.5', 'GLIBC_2.17', 'GCC_3.0'], exported: ['napi_register_module_v1'], unversioned: ['napi_create_object'] }

  test('that keeps to its target can be published', () => {
    assert.deepEqual(problemsOf(good, glibc), [])
    assert.deepEqual(problemsOf({ ...good, needed: ['libc.so'], versions: [] }, musl), [])
  })

  for (const [what, change, problem] of [
    ['asks for a newer glibc', { versions: ['GLIBC_2.17', 'GLIBC_2.18'] }, /glibc 2\.18, newer than 2\.17/],
    ['asks for a patched newer glibc', { versions: ['GLIBC_2.17.1'] }, /glibc 2\.17\.1, newer/],
    ['asks for a glibc with a higher first number', { versions: ['GLIBC_3.0'] }, /glibc 3\.0/],
    ['needs a function that only a newer glibc has', { unversioned: ['napi_create_object', 'gettid'] }, /needs gettid, which glibc 2\.17 does not have/],
    ['needs a library beside the C library', { needed: ['libc.so.6', 'libgcc_s.so.1'] }, /needs libgcc_s\.so\.1/],
    ['needs no library', { needed: [] }, /names no C library/],
    ['is for another processor', { machine: AARCH64 }, /processor 183/],
    ['is a program', { isLibrary: false }, /no shared library/],
    ['exports nothing that Node calls', { exported: [] }, /does not export napi_register_module_v1/],
  ]) {
    test(`that ${what} is refused`, () => {
      const problems = problemsOf({ ...good, ...change }, glibc)
      assert.equal(problems.length, 1, problems.join())
      assert.match(problems[0], problem)
    })
  }

  test('for musl that asks for glibc is refused', () => {
    const problems = problemsOf({ ...good, needed: ['libc.so'], versions: ['GLIBC_2.2.5'] }, musl)
    assert.deepEqual(problems, ['it asks for glibc 2.2.5, newer than musl has'])
  })

  test('names the newest version, which is not the last as text', () => {
    assert.equal(newestGlibc(['GLIBC_2.17', 'GLIBC_2.9', 'GLIBC_2.4']), '2.17')
    assert.equal(newestGlibc([]), undefined)
  })
})

/** A library for macOS of a header and a few commands. @param {Array<[kind: number, body: Buffer]>} commands @param {number} processor */
function machO(commands, processor) {
  const header = Buffer.alloc(32)
  for (const [at, value] of [[0, 0xfe_ed_fa_cf], [4, processor], [12, 6], [16, commands.length]]) header.writeUInt32LE(value, at)
  const parts = commands.map(([kind, body]) => {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(kind, 0)
    head.writeUInt32LE(8 + body.length, 4)
    return Buffer.concat([head, body])
  })
  return Buffer.concat([header, ...parts])
}

describe('An addon for macOS', () => {
  const ARM64 = 0x01_00_00_0c
  /** What a library with these commands is refused for, beside what it does not export and need. */
  const refusedFor = (commands, platform = 'darwin-arm64') => {
    const target = TARGETS.find((one) => one.platform === platform)
    return problemsOf(readMachO(machO(commands, target.machine)), target).filter((problem) => !/does not export|names no C library/.test(problem))
  }
  const SIGNED = [0x1d, Buffer.alloc(8)]
  /** @param {number} major @param {number} minor */
  const builtFor = (major, minor) => {
    const body = Buffer.alloc(16)
    body.writeUInt32LE(1, 0)
    body.writeUInt32LE((major << 16) | (minor << 8), 4)
    return [0x32, body]
  }

  test('is read: which macOS it is for, and whether it is signed', () => {
    assert.deepEqual(readMachO(machO([builtFor(11, 3), SIGNED], ARM64)).macos, { oldest: [11, 3], isSigned: true })
    assert.deepEqual(readMachO(machO([], ARM64)).macos, { oldest: undefined, isSigned: false })
  })

  test('that keeps to its target can be published', () => {
    assert.deepEqual(refusedFor([builtFor(11, 0), SIGNED]), [])
    assert.deepEqual(refusedFor([builtFor(10, 15)], 'darwin-x64'), [])
  })

  for (const [what, commands, problem] of [
    ['that is for a newer macOS', [builtFor(15, 0), SIGNED], 'it is for macOS 15.0, newer than 11.0'],
    ['that does not say which macOS it is for', [SIGNED], 'it does not say which macOS it is for'],
    ['for arm64 that is not signed', [builtFor(11, 0)], 'it is not signed, and macOS on arm64 loads nothing that is not'],
  ]) {
    test(`${what} is refused`, () => assert.deepEqual(refusedFor(commands), [problem]))
  }
})

describe('The packages', () => {
  let scratch
  let packages

  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'packages-'))
    packages = packAll(scratch)
  })

  after(() => rmSync(scratch, { recursive: true, force: true }))

  /** The problems after one package was changed. */
  function problemsWith(name, change) {
    const { manifest, files } = complete().get(name)
    const changed = { manifest: structuredClone(manifest), files: [...files] }
    change(changed)
    return packingProblems(new Map([...complete(), [name, changed]]))
  }

  /** With an addon in each: this machine has built one of them. */
  const complete = () =>
    new Map([...packages].map(([name, { manifest, files }]) => [name, { manifest, files: name === 'toolwarden' ? files : [...new Set([...files, manifest.main])] }]))

  test('fit together', () => {
    assert.deepEqual([...packages.keys()].toSorted(), ['toolwarden', ...TARGETS.map(({ platform }) => `toolwarden-${platform}`)].toSorted())
    assert.equal([...packages.keys()].at(-1), 'toolwarden', 'it is published last')
    assert.deepEqual(packingProblems(complete()), [])
  })

  test('without their addon are refused', () => {
    assert.deepEqual(packingProblems(packages).filter((problem) => problem.includes('x64-gnu')), [])
    assert.ok(packingProblems(packages).includes('toolwarden-linux-arm64-musl has no toolwarden.linux-arm64-musl.node'))
  })

  test('that do not ask for each other in this version are refused', () => {
    const found = problemsWith('toolwarden', ({ manifest }) => {
      delete manifest.optionalDependencies['toolwarden-linux-x64-musl']
      manifest.optionalDependencies['toolwarden-linux-arm64-gnu'] = '0.0.1'
      manifest.optionalDependencies['toolwarden-freebsd-x64'] = manifest.version
    })
    assert.deepEqual(found.map((problem) => problem.replace(/ \d.*/, '')), [
      'the main package does not ask for toolwarden-linux-x64-musl',
      'the main package does not ask for toolwarden-linux-arm64-gnu',
      'the main package asks for toolwarden-freebsd-x64, which is not built',
    ])
  })

  test('that say something untrue of their platform are refused', () => {
    const found = problemsWith('toolwarden-linux-x64-musl', ({ manifest, files }) => {
      manifest.libc = ['glibc']
      files.splice(files.indexOf('LICENSE'), 1)
    })
    assert.deepEqual(found, ['toolwarden-linux-x64-musl: libc is ["glibc"], not ["musl"]', 'toolwarden-linux-x64-musl has no LICENSE'])
  })

  test('are not published from the working tree', () => {
    const { status, stderr } = spawnSync('npm', ['run', '--silent', 'prepublishOnly'], { cwd: root, encoding: 'utf8' })
    assert.equal(status, 1)
    assert.match(stderr, /target\/build-all\/packages/)
  })
})
