import { FILES, NOTES } from '../init/files.js'
import { missingPackages } from '../init/missing-packages.js'
import { writeFiles } from '../init/write-files.js'

/** Both work without an editor in between. */
const NEXT = [`npx toolwarden run tools.ts read_note --input '{"name":"welcome.txt"}'`, 'node --test']

/** @param {import('commander').Command} program @param {import('../context.d.ts').Context} context */
export function addInit(program, context) {
  program
    .command('init')
    .description('write two tools, their permissions, a test and a configuration for MCP clients into this directory')
    .addHelpText('after', `\nWrites ${FILES.map(([name]) => name).join(', ')}, and nothing if one of them or ${NOTES}/ is there.`)
    .action(() => {
      const { cwd, env, terminal } = context
      writeFiles(cwd, FILES)
      for (const [name] of FILES) terminal.note(`wrote ${name}`)
      const missing = missingPackages(cwd, env)
      if (missing.length > 0) terminal.note(`they need packages that are not here: \`npm install ${missing.join(' ')}\``)
      terminal.note('next:')
      for (const command of NEXT) terminal.note(`  ${command}`)
    })
}
