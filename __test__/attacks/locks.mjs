/**
 * Attacks on other managers of the same directory through the files that they share: the tool takes every lock on them
 * that it can get and, where it may write, changes them. No manager may wait for it, and none may run what it wrote.
 */

import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Manager } from '../../index.js'
import { neighbour, startNeighbour } from '../support/neighbour.mjs'
import { SANDBOX } from '../support/settings.mjs'
import { bounded } from '../support/waiting.mjs'

export const tools = './locks.mjs'

const config = ({ runtime }, more = {}) => ({
  sandbox: SANDBOX,
  minWorkers: 0,
  runtimeType: runtime,
  entrypointPath: tools,
  ...(runtime === 'bun' ? { bunPermissions: [] } : { nodeOptions: ['--permission'] }),
  ...more,
})
const GOOD = [{ tool: 'good' }]
const names = ({ dir }) => readdirSync(join(dir, '.toolwarden'))
/** `worker-` and the digits of the hash of its content. */
const stem = (name) => name.slice(0, 'worker-'.length + 16)

/** A manager is killed, the tool takes locks on the files that it left, and the next manager has the same settings. */
async function afterADeadOne({ place, heard }) {
  const own = new Set(names(place).map(stem))
  const settings = config(place, { maxOutputSize: 1_000_003 })
  const dead = startNeighbour(place.dir, settings)
  await bounded(dead.line, 'a manager to open')
  dead.killWithGuardian()
  await dead.ended
  const of = names(place).map(stem).find((name) => name.startsWith('worker-') && !own.has(name))
  await heard((seen) => seen.filter((name) => name.startsWith(of)).length >= 2)
  const next = await neighbour(place.dir, settings, GOOD)
  return { next, left: names(place).filter((name) => name.startsWith(of)) }
}

const works = ({ meanwhile }) => meanwhile.next?.results?.[0] === 'good'
const leavesNothing = (outcome) => works(outcome) && outcome.meanwhile.left.length === 0
const writing = ({ dir }) => [`--allow-read=${dir}`, `--allow-write=${dir}`]

const locks = [
  {
    name: 'locking what a dead manager left',
    attack: () => ({ tool: 'watch', input: { lock: true }, meanwhile: afterADeadOne, holds: leavesNothing }),
    twin: () => ({ tool: 'watch', input: { lock: false }, meanwhile: afterADeadOne, holds: leavesNothing }),
  },
  {
    name: 'locking it for writing, in a project that may be written',
    attack: (place) => ({ tool: 'watch', flags: writing(place), input: { lock: true, write: true }, meanwhile: afterADeadOne, holds: works }),
    twin: (place) => ({ tool: 'watch', flags: writing(place), input: { lock: false }, meanwhile: afterADeadOne, holds: leavesNothing }),
  },
  {
    name: 'locking the files of managers that open just now',
    attack: () => ({ tool: 'watch', input: { lock: true }, meanwhile: manyOpen, holds: works }),
    twin: () => ({ tool: 'watch', input: { lock: false }, meanwhile: manyOpen, holds: works }),
  },
  {
    name: 'locking the bundle of an entrypoint',
    runtimes: ['bun'],
    prepare: makeBundle,
    attack: () => ({ tool: 'watch', input: { lock: true }, meanwhile: withBundle, holds: works }),
    twin: () => ({ tool: 'watch', input: { lock: false }, meanwhile: withBundle, holds: works }),
  },
]

async function manyOpen({ place, heard }) {
  await heard((seen) => seen.length > 0)
  for (let nth = 0; nth < 6; nth += 1) {
    const next = await neighbour(place.dir, config(place, { maxOutputSize: 2_000_000 + nth }), GOOD)
    if (next.results?.[0] !== 'good') return { next }
  }
  return { next: { results: ['good'] } }
}

const cached = (place) => config(place, { entrypointCache: true, isolation: 'call', entrypointPath: './big.mjs' })

async function makeBundle(place) {
  writeFileSync(join(place.dir, 'big.mjs'), `export const good = () => 'good'\n${'// more than is worth transpiling each time\n'.repeat(1000)}`)
  const calls = Array.from({ length: 30 }, () => GOOD[0])
  const made = () => names(place).some((name) => name.startsWith('bundle-') && name.endsWith('.json'))
  for (let nth = 0; nth < 10; nth += 1) {
    const { error } = await neighbour(place.dir, cached(place), calls)
    if (error) throw new Error(error.message)
    try {
      if (made()) return
    } catch {
      // No file was left.
    }
  }
  throw new Error('no bundle was made')
}

async function withBundle({ place, heard }) {
  await heard((seen) => seen.some((name) => name.startsWith('bundle-')))
  return { next: await neighbour(place.dir, cached(place), GOOD) }
}

/** A manager is open, has run its worker file and, with Bun, compiled it; then the tool changes the files. */
async function underAnOpenOne({ place, heard }) {
  const manager = new Manager(place.dir, config(place, { isolation: 'call', maxOutputSize: 1_000_004 }))
  try {
    do await bounded(manager.executeTool('good'), 'a call before')
    while (place.runtime === 'bun' && !names(place).some((name) => name.endsWith('.jsc')))
    writeFileSync(join(place.dir, 'go'), '')
    await heard((said) => said === 'changed')
    const results = []
    for (let nth = 0; nth < 3; nth += 1) results.push(await bounded(manager.executeTool('good'), 'a call after'))
    return { next: { results } }
  } catch ({ code, message, hint }) {
    return { next: { error: { code, message, hint } } }
  } finally {
    rmSync(join(place.dir, 'go'), { force: true })
    await bounded(manager.close({ force: true }), 'a forced close')
  }
}

const isToldClearly = (outcome) => {
  const { error } = outcome.meanwhile.next ?? {}
  return works(outcome) || (error?.code === 'ERR_WORKER_START' && error.hint?.includes('.toolwarden'))
}

const changes = [
  ['remove', works],
  ['rewrite', works],
  ['replace', works],
  ['link', works],
  ['move', works],
  ['directory', isToldClearly],
].map(([how, holds]) => ({
  name: `changing the files of an open manager: ${how}`,
  attack: (place) => ({ tool: 'change', flags: writing(place), input: { how }, meanwhile: underAnOpenOne, holds }),
  twin: (place) => ({ tool: 'change', flags: writing(place), input: { how: 'nothing' }, meanwhile: underAnOpenOne, holds: works }),
}))

export const attacks = [...locks, ...changes]
