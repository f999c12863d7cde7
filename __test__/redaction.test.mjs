import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

describe('The captured stderr of an error', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('secrets.ts')
  })
  const stderrOf = async (tool, env) => (await failure(manager.executeTool(tool, 'SECRET', { env }))).stderr

  for (const secret of ['exactly8', 'a much longer secret value', 's3cr3t.*+?^${}()|[]\\', 'gr\u00fc\u00dfe-\u4e16\u754c-\u{1f680}', 'x'.repeat(5000)]) {
    it(`does not have the value of the call's env: ${secret.slice(0, 30)}.`, async () => {
      const stderr = await stderrOf('prints-then-throws', { SECRET: secret })
      assert.ok(!stderr.includes(secret), stderr)
      assert.match(stderr, /before .+ after/)
    })
  }

  it('does not have a value that was written in two parts.', async () => {
    const stderr = await stderrOf('prints-in-two-parts-then-exits', { SECRET: 'written-in-parts' })
    assert.ok(!stderr.includes('written-in-parts'), stderr)
  })

  it('does not have a value that another one is a part of.', async () => {
    const env = { SECRET: 'long-secret-value-with-more', PART: 'secret-value', START: 'long-secret' }
    const stderr = await stderrOf('prints-then-throws', env)
    for (const value of Object.values(env)) assert.ok(!stderr.includes(value), stderr)
    assert.ok(!stderr.includes('with-more'), stderr)
  })

  it('keeps values shorter than 8 characters.', async () => {
    assert.match(await stderrOf('prints-then-throws', { SECRET: 'seven77' }), /before seven77 after/)
  })

  it('keeps everything when the call has no env.', async () => {
    assert.match(await stderrOf('prints-then-throws', undefined), /before undefined after/)
  })
})
