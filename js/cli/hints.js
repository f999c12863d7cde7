/** The hints that the command line gives: what to write instead. */

import { SETTINGS_FILE } from './settings/name.js'
import { shellWord } from './shell-word.js'

export const SETTINGS_HOLD = `${SETTINGS_FILE} holds one object of configuration fields`
export const TRUST_SETTINGS = 'read the file; if you trust this directory, run again with `--trust`, or give what you want to allow as flags'
export const RUN_WITH_NODE = 'run the command with Node: `npx toolwarden`'
export const EMPTY_DIRECTORY = 'run it in an empty directory, or move these away first; nothing was written'
export const ANY_FREE_PORT = 'leave --port out for any free port'
export const A_PORT = 'write `--port 3000`, or leave it out for any free port'
export const AN_HTTP_PORT = 'write `--http 3000` or `--http 127.0.0.1:3000`'
export const ANY_FREE_HTTP_PORT = '`--http 0` takes any free port'
export const INSTALL_MCP = '`npm install @modelcontextprotocol/sdk` beside toolwarden, or @modelcontextprotocol/server and @modelcontextprotocol/node'
export const ADDRESS_FOR_CLIENTS = 'with `--http` give the client the address that the command prints'
export const INSTALL_BUN = 'install Bun: `npm install bun`'
export const NOTHING_ENFORCED = 'nothing is enforced here; the sandbox needs Linux with Landlock (`cat /sys/kernel/security/lsm`)'

export const TRUST_FILE = 'read the file; if you trust it, run again with `--trust`'

const EXAMPLE = '{"tool":"weather","input":{"city":"Bern"}}'
export const A_CALL_A_LINE = `each line is one call, such as ${EXAMPLE}`
export const A_CALL_OR_A_TOOL = `${A_CALL_A_LINE}; without "tool", name one on the command line`
export const ONE_CALL_IN_FILE = 'write a single call into the file as well'
export const WHICH_TOOLS = `name a tool, or give the calls: \`--inputs calls.jsonl\` with lines such as ${EXAMPLE}`
export const A_BOUND = 'give what the tools may do at most, such as `--within --allow-read=./data`'
export const CHECK_FIRST = 'check first; write what you want to allow'

/** @param {string} usage a command with --help */
export const showsWhatThereIs = (usage) => `\`${usage}\` shows what there is`

/** @param {string} flag a permission's, without a value */
export const valueFollowsEquals = (flag) => `a flag's value follows "=", as in \`${flag}=./data\``

/** @param {string} name of a variable */
export const writeVariable = (name) => `write \`--env ${name}=value\``

/** @param {string} text JSON that a shell must not touch */
export const didYouMeanText = (text) => `did you mean '${text}'?`

/** @param {string[]} words of a command line */
export const runAgainWith = (words) => `run it again with \`${words.map(shellWord).join(' ')}\``

/** As in the core, on a command line. @param {string[]} flags */
export const addFlags = (flags) => `to allow it, add ${flags.map(shellWord).join(' ')}`

/** A refusal that only a wide flag would lift. */
export const NO_NARROW_FLAG = 'no flag that opens only this can be named'

/** @param {string[]} kinds of permissions that are not enforced as they should be */
export const doNotRelyOn = (kinds) => `do not rely on: ${kinds.join(', ')}; \`uname -r\` and this output belong in a report`
