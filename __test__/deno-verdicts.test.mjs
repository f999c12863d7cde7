import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { GROUPS } from './fixtures/verdicts/cases.mjs'
import { freePort, greeter } from './support/loopback.mjs'
import { byDeno, byToolwarden, makeTree, placed } from './support/verdicts.mjs'
import { workbench } from './support/workbench.mjs'

const differences = JSON.parse(readFileSync(new URL('./fixtures/verdicts/differences.json', import.meta.url), 'utf8'))

const subject = ({ path, host, program, name }) => path ?? host ?? program ?? name

/** The documented difference behind two different verdicts, if there is one. */
const documented = (flags, access, deno, toolwarden) =>
  differences.find(
    (difference) =>
      difference.deno === deno &&
      difference.toolwarden === toolwarden &&
      difference.cases.some(
        (one) => one.way.includes(access.way) && one.about.includes(subject(access)) && flags.join(' ').includes(one.flags ?? ''),
      ),
  )

describe('Verdicts of Deno and of toolwarden', () => {
  const bench = workbench()
  const met = new Set()
  let compared = 0
  let agreed = 0
  let ports
  const servers = []
  const variables = { TOOL_A: 'a', TOOL_B: 'b', OTHER_A: 'c' }

  before(async () => {
    servers.push(await greeter(), await greeter())
    ports = { PORT: servers[0].port, OTHER: servers[1].port, FREE: await freePort() }
    Object.assign(process.env, variables)
  })
  after(async () => {
    for (const name of Object.keys(variables)) delete process.env[name]
    await Promise.all(servers.map((server) => server.close()))
  })

  for (const [kind, { flags: all, accesses }] of Object.entries(GROUPS)) {
    for (const flags of all) {
      it(`on ${accesses.length} accesses of kind ${kind} with ${flags.join(' ') || 'no flag'} agree, but for what is documented.`, async () => {
        const inTree = (run) => {
          const tree = makeTree(bench)
          const withPorts = placed(tree, flags).map((flag) => flag.replaceAll(/:(PORT|OTHER|FREE)\b/g, (_, name) => `:${ports[name]}`))
          return run(tree, withPorts, placed(tree, accesses).map((access) => ({ ...access, port: ports[access.port] ?? access.port })))
        }
        // One after the other, because both listen on the same port.
        const deno = await inTree((...given) => byDeno(bench, ...given))
        const toolwarden = await inTree((...given) => byToolwarden(bench, ...given))
        assert.equal(deno.length, accesses.length)
        assert.equal(toolwarden.length, accesses.length)
        const unknown = []
        accesses.forEach((access, i) => {
          compared += 1
          if (deno[i] === toolwarden[i]) {
            agreed += 1
            return
          }
          const difference = documented(flags, access, deno[i], toolwarden[i])
          if (difference) met.add(difference.id)
          else unknown.push(`${access.way} ${subject(access)}: Deno ${deno[i]}, toolwarden ${toolwarden[i]}`)
        })
        assert.deepEqual(unknown, [])
      })
    }
  }

  it('were compared by the hundreds, and every documented difference was met.', () => {
    assert.ok(compared > 1000, String(compared))
    assert.ok(agreed > compared / 2, `${agreed} of ${compared}`)
    assert.deepEqual(differences.map(({ id }) => id).filter((id) => !met.has(id)), [])
  })

  it('differ in what docs/permissions.md lists, and in nothing else.', () => {
    const text = readFileSync(new URL('../docs/permissions.md', import.meta.url), 'utf8')
    const [, section] = text.split('\n## Differences from Deno\n')
    const rows = section
      .split('\n## ')[0]
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| access |') && !line.startsWith('| ---'))
      .map((line) => line.slice(2, -2).split(' | '))
    const expected = differences.map(({ what, deno, toolwarden, why }) => [what, deno, toolwarden, why])
    assert.deepEqual(rows, expected)
  })
})
