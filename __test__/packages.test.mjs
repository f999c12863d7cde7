import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import { packages } from '../scripts/packages/list.mjs'
import { placeOf, writeProject } from '../scripts/packages/place.mjs'
import { row } from '../scripts/packages/row.mjs'
import { Services } from '../scripts/packages/services.mjs'

/**
 * The packages that this repository has installed for its other tests, and those built into the runtimes. `npm run
 * packages` tries the whole list.
 */
const SHORT = ['zod', 'ajv', 'execa', 'openai', '@anthropic-ai/sdk', '@langchain/core', '@modelcontextprotocol/sdk', 'fetch', 'fs', 'bun-sqlite', 'child-process']

const modules = fileURLToPath(new URL('../node_modules', import.meta.url))

describe('A package does its job without a sandbox, with the flags kept, and with those that errors lead to from none', () => {
  const services = new Services()
  let root
  before(() => (root = mkdtempSync(join(tmpdir(), 'warden-packages-'))))
  after(async () => {
    await services.stop()
    rmSync(root, { recursive: true, force: true })
  })

  for (const name of SHORT) {
    const wanted = packages.find((one) => one.name === name)
    for (const runtime of wanted.runtimes ?? ['bun', 'node']) {
      it(`${wanted.title ?? name} on ${runtime}.`, async () => {
        const place = placeOf(root, wanted)
        mkdirSync(place.pkg, { recursive: true })
        writeProject(wanted, place.pkg)
        rmSync(join(place.pkg, 'node_modules'), { force: true })
        symlinkSync(modules, join(place.pkg, 'node_modules'))
        const { at } = await services.have(wanted.needs ?? [])
        const { off, minimal, climb } = await row({ wanted, place, input: at, runtime })
        assert.equal(off.end, 'right', off.said)
        assert.equal(minimal.end, 'right', `with the flags kept: ${minimal.said} ${minimal.hint}`)
        assert.equal(climb.problem, '', JSON.stringify(climb.trail.at(-1)))
      })
    }
  }
})
