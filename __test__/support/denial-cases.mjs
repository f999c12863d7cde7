import { once } from 'node:events'

import './about-the-sandbox.mjs'
import { bounded } from './waiting.mjs'

/** A flag of Bun's in the spelling of the given runtime. */
export function flagFor(runtime, flag) {
  if (runtime === 'bun') return flag
  if (flag.startsWith('--allow-run')) return '--allow-child-process'
  return flag.replace(/^--allow-(read|write)(=?)/, (_, kind, listed) => `--allow-fs-${kind}=${listed ? '' : '*'}`)
}

/** Calls a tool once, and returns the value or the error, and the record. */
export function denialCaller(bench, project, runtime, config = {}) {
  return async (flags, tool, input = {}) => {
    const permissions = runtime === 'bun' ? { bunPermissions: flags } : { nodeOptions: ['--permission', ...flags.map((flag) => flagFor(runtime, flag))] }
    const manager = bench.open(project, { runtimeType: runtime, entrypointPath: './tools.mjs', minWorkers: 0, ...permissions, ...config })
    const told = once(manager, 'execution')
    const result = manager.executeTool(tool, input)
    const outcome = await bounded(
      result.then(
        (value) => ({ value }),
        (error) => ({ error }),
      ),
      `${tool} to end`,
    )
    const [record] = await bounded(told, 'the record of a call')
    return { ...outcome, record }
  }
}
