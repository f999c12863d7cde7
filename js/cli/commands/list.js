import { pretty } from '../pretty.js'
import { printable, printableLines } from '../../printable.js'
import { TRUST_HELP } from '../settings/widening.js'
import { printTable } from '../table.js'
import { withManager } from '../with-manager.js'

/** `name, limit?` @param {any} schema */
function fields(schema) {
  if (schema === null) return '-'
  const { properties, required = [], type } = schema
  if (typeof properties !== 'object' || properties === null) return typeof type === 'string' ? type : '-'
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`))
  return names.join(', ') || 'none'
}

/** @param {string | null} description */
const firstLine = (description) => description?.trim().split('\n')[0] ?? ''

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addList(program, context) {
  program
    .command('list')
    .description('list the tools of an entrypoint')
    .argument('<entrypoint>', 'file that exports the tools')
    .option('--trust', TRUST_HELP)
    .option('--json', 'everything about them, schemas included, as JSON')
    .option('--readable', 'also what the tools may read without a flag')
    .action(async (entrypoint, options) => {
      const { terminal } = context
      const { tools, enforcement } = await withManager(context, { entrypoint, options: { trust: options.trust }, withFile: true }, async (manager) => ({
        tools: await manager.listTools(),
        enforcement: manager.enforcement,
      }))
      const { level, readable } = enforcement
      if (options.json) {
        const shown = options.readable ? { tools, readable } : tools
        return terminal.print(printableLines((terminal.interactive ? pretty(shown) : JSON.stringify(shown)) ?? '[]'))
      }
      if (tools.length === 0) return terminal.note(`${entrypoint} exports no tools`)
      // Without settings of single tools all have the same flags, which are not repeated in each row.
      const differ = Object.keys(enforcement.tools).length > 0
      const rows = tools.map(({ id, description, inputSchema, permissions }) =>
        [id, fields(inputSchema), ...(differ ? [permissions.join(' ') || 'nothing'] : []), firstLine(description)].map(printable),
      )
      printTable(['ID', 'INPUT', ...(differ ? ['ALLOWED'] : []), 'DESCRIPTION'], rows, terminal)
      if (level === 'none') return terminal.note('nothing is enforced here: the tools may read every file')
      if (!options.readable) return terminal.note(`${readable.length} paths may be read without a flag: \`--readable\` names them`)
      terminal.print('')
      terminal.print(terminal.outStyle('READABLE WITHOUT A FLAG', 'bold'))
      for (const path of readable) terminal.print(printable(path))
    })
}
