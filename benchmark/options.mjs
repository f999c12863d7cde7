/** The command line of `npm run bench`. */

import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios/all.mjs'

export const USAGE = `npm run bench -- [options]

  --quick             fewer and shorter rounds, for a rough result
  --hosts A,B         runtimes to run as host (default: the machine's own Node with --quick, else all)
  --scenarios A,B     only these; prints, and leaves results.json and the page as they are
  --heap-mb N         size of the large host (default 2048)
  --help

scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}
`

/** @param {string | undefined} text @param {string[]} known @param {string} what */
function chosen(text, known, what) {
  const names = text?.split(',').filter((name) => name !== '')
  const unknown = names?.filter((name) => !known.includes(name)) ?? []
  if (unknown.length > 0) throw new RangeError(`no ${what} ${unknown.join(', ')}; there is ${known.join(', ')}`)
  return names
}

/** @param {string[]} argv @param {Array<{ name: string }>} hosts the default one first */
export function readCommandLine(argv, hosts) {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      hosts: { type: 'string' },
      scenarios: { type: 'string' },
      'heap-mb': { type: 'string', default: '2048' },
      help: { type: 'boolean', default: false },
    },
  })
  const heapMb = Number(values['heap-mb'])
  if (!Number.isInteger(heapMb) || heapMb < 1) throw new RangeError(`--heap-mb must be a whole number above 0`)
  const all = hosts.map(({ name }) => name)
  const scenarios = chosen(values.scenarios, SCENARIOS.map(({ name }) => name), 'scenario')
  return {
    help: values.help,
    profile: values.quick ? 'quick' : 'full',
    hosts: chosen(values.hosts, all, 'host') ?? (values.quick ? all.slice(0, 1) : all),
    scenarios: scenarios ?? null,
    heapMb,
  }
}
