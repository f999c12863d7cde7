/** What every command of the command line works with. */

import type { Interrupts } from './interrupts.js'
import type { Terminal } from './terminal.js'

export interface Context {
  terminal: Terminal
  interrupts: Interrupts
  /** The permission flags of the command line, as they were written. */
  permissions: string[]
  env: NodeJS.ProcessEnv
  cwd: string
  stdin: NodeJS.ReadStream
  /** A command sets it where it has no error to throw. */
  exitCode: number
}
