/** A short form of `npm run learn`: packages that are installed anyway, and what it makes of what it finds. */

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { learnPackage } from '../scripts/learn/learn-package.mjs'
import { isRight, sentence, withTable } from '../scripts/learn/table.mjs'
import { entries } from '../scripts/packages/flags.mjs'
import { packages } from '../scripts/packages/list.mjs'
import { writeProject } from '../scripts/packages/place.mjs'
import { workbench } from './support/workbench.mjs'

describe('Packages', () => {
  const bench = workbench()

  for (const [name, flags] of [
    ['zod', []],
    ['fs', ['--allow-read={data}', '--allow-read={out}', '--allow-write={out}']],
    ['execa', ['--allow-read={data}', '--allow-run=ls']],
    ['child-process', ['--allow-read={data}/a.txt', '--allow-run=cat']],
  ]) {
    it(`get flags that suffice and of which none is idle: ${name}.`, async () => {
      const project = bench.project()
      project.usePackages()
      const work = bench.project()
      mkdirSync(work.path('data'))
      const wanted = packages.find((one) => one.name === name)
      writeProject(wanted, project.dir)
      const place = { pkg: project.dir, data: work.path('data'), out: work.path('out') }
      const lesson = await learnPackage({ wanted, place, input: {}, runtime: 'bun' })
      assert.deepEqual([lesson.problem, lesson.enforced, lesson.idle, lesson.learned], ['', '', [], flags])
      assert.ok(isRight([lesson]))
    })
  }
})

describe('The table of what was learnt', () => {
  const lesson = { name: 'a', title: 'a', version: '1', runtime: 'bun', hand: ['-R=x', '-R=y'], learned: ['-R=x', '-R=y'], notices: [], problem: '', enforced: '', idle: [] }

  it('is right where the flags suffice, none is idle, and no more kinds are needed than by hand.', () => {
    assert.ok(isRight([lesson, { ...lesson, learned: ['-R=x'], hand: ['-R=x'] }]))
    for (const wrong of [{ problem: 'failed' }, { enforced: 'denied' }, { idle: ['-R=x'] }, { learned: ['-R=x', '-W=y'] }]) assert.ok(!isRight([{ ...lesson, ...wrong }]))
    assert.ok(!isRight([]))
    assert.match(sentence([lesson]), /^Of 1 runs of 1 packages 1 could be learnt from, .* The flags are 1 with 2 values/)
    assert.match(sentence([lesson]), /Without any one of the values the run fails\.$/)
    assert.match(sentence([{ ...lesson, idle: ['-R=x'] }]), /any one of the values but 1 the run fails/)
  })

  it('goes to its place in the page and nowhere else.', () => {
    const page = 'before\n<!-- npm run learn -->\nold\n<!-- end -->\nafter\n'
    const made = withTable(page, [{ ...lesson, title: 'a|b' }], '2026-01-01')
    assert.match(made, /^before\n<!-- npm run learn -->\nMade by `npm run learn` on 2026-01-01\. /)
    assert.match(made, /\| a\\\|b \| 1 \| bun \| -R=x -R=y \| yes \| none \| -R=x -R=y \|\n<!-- end -->\nafter\n$/)
    assert.equal(withTable(made, [lesson], '2026-01-01'), withTable(page, [lesson], '2026-01-01'))
    assert.throws(() => withTable('nothing', [lesson], '2026-01-01'), /no place/)
  })

  it('counts the values of lists, as flags with one value each.', () => {
    assert.deepEqual(entries(['--allow-read=a,b,,c', '--allow-net']), ['--allow-read=a', '--allow-read=b,,c', '--allow-net'])
  })
})
