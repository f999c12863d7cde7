/** Assembles the commands. */

import { Command } from 'commander'
import { packageVersion } from '../package-version.js'
import { addBench } from './commands/bench.js'
import { addDoctor } from './commands/doctor.js'
import { addInit } from './commands/init.js'
import { addInspect } from './commands/inspect.js'
import { addLearn } from './commands/learn.js'
import { addList } from './commands/list.js'
import { addMcp } from './commands/mcp.js'
import { addRun } from './commands/run.js'
import { addTypes } from './commands/types.js'
import { addWrap } from './commands/wrap.js'

const AFTER_HELP = `
Exit codes: 0 done, 1 the tool failed, 2 wrong usage, 3 denied, 4 timed out, 130 interrupted.
Configuration also comes from TOOLWARDEN_* variables and, for run, learn, inspect, list and mcp, from toolwarden.json
beside the entrypoint; flags win over variables, variables over the file. The file can only
take away from the defaults, unless you --trust it.`

/** @param {import('./context.d.ts').Context} context */
export function createProgram(context) {
  const program = new Command('toolwarden')
    .description('Runs JavaScript and TypeScript tools in supervised, sandboxed processes.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', AFTER_HELP)
    // Errors are thrown and reported in one place and one form.
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false)
  for (const add of [addInit, addRun, addLearn, addInspect, addList, addMcp, addWrap, addTypes, addDoctor, addBench]) add(program, context)
  return program
}
