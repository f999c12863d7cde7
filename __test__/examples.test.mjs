import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { HANG_BOUND } from './support/settings.mjs'
import { workbench } from './support/workbench.mjs'

describe('the examples of the adapters', () => {
  const bench = workbench()

  for (const name of ['ai-sdk', 'mcp', 'openai', 'anthropic']) {
    test(`${name} runs a sandboxed tool for a model and ends by itself`, () => {
      const script = fileURLToPath(new URL(`../examples/${name}/run.mjs`, import.meta.url))
      const { OPENAI_API_KEY: _openai, ANTHROPIC_API_KEY: _anthropic, ...env } = process.env
      const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
        cwd: bench.project().dir,
        env,
        encoding: 'utf8',
        timeout: HANG_BOUND,
      })
      assert.match(stdout, /celsius"?: ?14/)
      assert.equal(status, 0, stderr)
    })
  }
})
