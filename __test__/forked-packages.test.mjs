/** A short form of `npm run forked-packages`: packages that are installed anyway, and what it makes of what it finds. */

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { forkedPackage } from '../scripts/packages/forked.mjs'
import { isRight, sentence, withPackages } from '../scripts/packages/forked-table.mjs'
import { packages } from '../scripts/packages/list.mjs'
import { writeProject } from '../scripts/packages/place.mjs'
import { workbench } from './support/workbench.mjs'

describe('A package', () => {
  const bench = workbench()
  const tried = (name) => {
    const project = bench.project()
    project.usePackages()
    const work = bench.project()
    const wanted = packages.find((one) => one.name === name)
    writeProject(wanted, project.dir)
    for (const directory of ['data', 'out']) mkdirSync(work.path(directory))
    return forkedPackage({ wanted, place: { pkg: project.dir, data: work.path('data'), out: work.path('out') }, input: {}, runtime: 'bun' })
  }

  it('does its job in a forked process as in a started one.', async () => {
    const { started, differs } = await tried('fs')
    assert.deepEqual([started, differs], ['', ''])
  })

  it('that may start programs is started, and the reason is told.', async () => {
    const { started, differs } = await tried('child-process')
    assert.match(started, /may run programs/)
    assert.equal(differs, '')
  })

  const row = (name, more) => ({ name, title: name, version: '1.0.0', runtime: 'bun', started: '', differs: '', ...more })
  const rows = [row('one'), row('two', { started: 'it keeps 2 threads | running' }), row('three', { differs: 'failed' })]

  it('is counted, and named where it is started or differs.', () => {
    assert.equal(sentence(rows), 'Of 3 packages 2 (67%) leave an origin that can be forked, and 1 of these do their job in a forked process as in one that was started.')
    assert.deepEqual([isRight(rows), isRight(rows.slice(0, 2)), isRight([])], [false, true, false])
    const page = withPackages('before\n<!-- npm run forked-packages -->\nold\n<!-- end -->\nafter\n', rows, '2026-12-01')
    assert.match(page, /^before\n<!-- npm run forked-packages -->\nOf 3 packages/)
    assert.match(page, /\| two \| 1\.0\.0 \| it keeps 2 threads \\\| running \| {2}\|\n\| three \| 1\.0\.0 \| {2}\| failed \|\n<!-- end -->\nafter\n$/)
    assert.doesNotMatch(page, /\bold\b|\| one \|/)
    assert.throws(() => withPackages('nothing', rows, '2026-12-01'), /no <!-- npm run forked-packages -->/)
  })
})
