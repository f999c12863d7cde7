/** The files of a new project. Its tools need no package but this one. */

import { SETTINGS_FILE } from '../settings/name.js'

/** The directory that the tool which reads may read. */
export const NOTES = 'notes'

const TOOLS = `import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

/** Works on its input alone: it has no permission. */
export const word_count = {
  description: 'Counts the words of a text',
  inputSchema: {
    type: 'object',
    properties: { text: { type: 'string' } },
    required: ['text'],
    additionalProperties: false,
  },
  execute: ({ text }: { text: string }) => text.split(/\\s+/).filter(Boolean).length,
}

/** Reads files. It checks no path: the sandbox refuses what ${SETTINGS_FILE} does not allow. */
export const read_note = {
  description: 'Reads a note',
  inputSchema: {
    type: 'object',
    properties: { name: { type: 'string', description: 'name of a file in ${NOTES}/' } },
    required: ['name'],
    additionalProperties: false,
  },
  execute: ({ name }: { name: string }) => readFile(resolve('${NOTES}', name), 'utf8'),
}
`

const TEST = `import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { Manager } from 'toolwarden'

// The tools get the same permissions here as from the command line.
const settings = JSON.parse(readFileSync(new URL('${SETTINGS_FILE}', import.meta.url), 'utf8'))
const manager = new Manager(import.meta.dirname, settings)
after(() => manager.close())

test('word_count counts the words of a text', async () => {
  assert.equal(await manager.executeTool('word_count', { text: 'two words' }), 2)
})

test('read_note reads a note', async () => {
  assert.match(await manager.executeTool('read_note', { name: 'welcome.txt' }), /^Hello/)
})

test('read_note cannot read anything else', async () => {
  await assert.rejects(manager.executeTool('read_note', { name: '/etc/passwd' }), { code: 'ERR_ACCESS_DENIED' })
})
`

/** @param {unknown} value */
const json = (value) => `${JSON.stringify(value, null, 2)}\n`

/** By name, in the order in which they are written. @type {ReadonlyArray<readonly [string, string]>} */
export const FILES = [
  ['tools.ts', TOOLS],
  [SETTINGS_FILE, json({ bunPermissions: [], tools: { read_note: { bunPermissions: [`--allow-read=./${NOTES}`] } } })],
  ['.mcp.json', json({ mcpServers: { tools: { type: 'stdio', command: 'npx', args: ['toolwarden', 'mcp', 'tools.ts'] } } })],
  ['tools.test.mjs', TEST],
  [`${NOTES}/welcome.txt`, 'Hello from a note.\n'],
]
