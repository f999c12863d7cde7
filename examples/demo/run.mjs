/** Calls each tool of tools.ts and prints what the call gave. */

import { fileURLToPath } from 'node:url'
// In a project of your own: import { Manager } from 'toolwarden'
import { Manager } from '../../index.js'

const dir = fileURLToPath(new URL('.', import.meta.url))
/** @type {import('../../index.js').Config} */
const config = { toolExecutionTimeout: '5s', bunPermissions: ['--allow-read=.'] }

/** A manager with a sandbox, or on a machine that can enforce none, one without, which says so. */
function open() {
  try {
    return new Manager(dir, config)
  } catch (/** @type {any} */ error) {
    if (error.code !== 'ERR_SANDBOX_UNAVAILABLE') throw error
    console.log(`This machine cannot enforce what tools may do.\n  ${error.message}\n  hint: ${error.hint}\n`)
    console.log('The demonstration goes on with sandbox: "off". Tools still run in processes of their own, with time limits and checked')
    console.log('input, but nothing keeps them from files, the network or programs: the tool that reads what it may not is left out.\n')
    return new Manager(dir, { ...config, sandbox: 'off' })
  }
}

const manager = open()

/** Longer lines say no more in a terminal. @param {string} text */
const short = (text) => (text.length > 300 ? `${text.slice(0, 300)}...` : text)

/** @param {string} toolId @param {any} [input] @param {import('../../index.js').ExecuteOptions} [options] */
async function show(toolId, input, options) {
  const started = performance.now()
  const took = () => `${Math.round(performance.now() - started)} ms`
  console.log(`\n> ${toolId}(${input === undefined ? '' : JSON.stringify(input)})`)
  try {
    const result = await manager.executeTool(toolId, input, { onLog: ({ text }) => console.log(`  log: ${text}`), ...options })
    console.log(`  ${JSON.stringify(result)}   [${took()}]`)
  } catch (/** @type {any} */ error) {
    console.log(`  ${error.name} ${error.code}: ${short(error.message)}   [${took()}]`)
    if (error.cause?.name) console.log(`  cause: ${error.cause.name}: ${short(error.cause.message)}`)
    if (error.hint) console.log(`  hint: ${error.hint}`)
  }
}

await manager.ready()
console.log(`sandbox: ${manager.enforcement.level}; tools: ${(await manager.listTools()).map(({ id }) => id).join(', ')}`)

await show('orderTotal', { customer: 'Ada', items: [{ name: 'tea', price: 3.5, count: 2 }, { name: 'cake', price: 4.2 }] })
await show('orderTotal', { customer: '', items: [] })
await show('wordCount', { file: 'notes.txt' })
if (manager.enforcement.level === 'kernel') await show('hostSecrets')
await show('charge', { amount: 20 })
await show('tooSlow', undefined, { timeout: '500ms' })
await show('nothing')
await show('../escape')
await show('orderTotal', {}, { env: { LD_PRELOAD: '/tmp/x.so' } })

console.log(`\n${JSON.stringify(manager.stats())}`)
await manager.close()
