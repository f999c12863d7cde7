import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { declaration } from '../../types/declaration.js'
import { withManager } from '../with-manager.js'

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addTypes(program, context) {
  program
    .command('types')
    .description('write a declaration that makes executeTool() typed for each tool')
    .argument('<entrypoint>', 'file that exports the tools')
    .option('--out <file>', 'where to write it; default: standard output')
    .action(async (entrypoint, options) => {
      const { terminal, cwd } = context
      const tools = await withManager(context, { entrypoint }, (manager) => manager.listTools())
      const text = declaration(tools, entrypoint)
      if (options.out === undefined) return terminal.print(text.trimEnd())
      const file = path.resolve(cwd, options.out)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, text)
      return terminal.note(`${options.out}: ${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}`)
    })
}
