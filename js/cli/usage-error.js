/** A command line that cannot be executed, and what was probably meant. */

import { didYouMean } from '../hints.js'
import { nearest } from '../nearest.js'
import { showsWhatThereIs, valueFollowsEquals } from './hints.js'
import { PERMISSION_FLAGS } from './permission-flags.js'

export class UsageError extends Error {
  /** @param {string} message @param {string} [hint] */
  constructor(message, hint) {
    super(message)
    this.hint = hint
  }
}

/** @param {import('commander').Command} program the whole program @param {string[]} words of the message */
const commandIn = (program, words) => program.commands.find((command) => words.includes(command.name()))

/** @param {string} flag @param {import('commander').Command} program */
function meantOption(flag, program) {
  const name = flag.split('=')[0] ?? flag
  const command = program.commands.find((candidate) => candidate.name() === program.args[0])
  const known = (command ?? program).options.map((option) => option.long ?? option.short ?? '')
  return nearest(name, [...known, '--help', ...PERMISSION_FLAGS])
}

/**
 * The parser's error in the form of all errors here.
 * @param {import('commander').CommanderError} error
 * @param {import('commander').Command} program
 * @param {string[]} permissions
 */
export function fromCommander(error, program, permissions) {
  const message = error.message.replace(/^error: /, '').replace(/\.$/, '')
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? ''
  const command = commandIn(program, program.args)
  const usage = command === undefined ? 'toolwarden --help' : `toolwarden ${command.name()} --help`
  const help = showsWhatThereIs(usage)
  switch (error.code) {
    case 'commander.unknownCommand': {
      const meant = nearest(
        quoted,
        program.commands.map((candidate) => candidate.name()),
      )
      return new UsageError(message, meant === undefined ? help : didYouMean(`toolwarden ${meant}`))
    }
    case 'commander.unknownOption': {
      const meant = meantOption(quoted, program)
      return new UsageError(message, meant === undefined ? help : didYouMean(meant))
    }
    case 'commander.excessArguments': {
      const bare = permissions.find((flag) => /^--(?:allow|deny)-\w+$/.test(flag))
      return new UsageError(message, bare === undefined ? help : valueFollowsEquals(bare))
    }
    default:
      return new UsageError(message, help)
  }
}
