import { startCli } from './cli.mjs'
import { bounded } from './waiting.mjs'

/**
 * Starts `toolwarden inspect` over a project, and resolves with the address of its page.
 * @param {{ dir: string, path: (name: string) => string }} project
 * @param {string[]} flags
 * @param {string} [entrypoint]
 */
export async function startInspect(project, flags, entrypoint = 'tools.ts') {
  const cli = startCli(['inspect', entrypoint, ...flags], { cwd: project.dir, env: { XDG_CONFIG_HOME: project.path('home') } })
  let printed = ''
  const url = await bounded(
    new Promise((resolve, reject) => {
      cli.child.stdout.on('data', (text) => {
        printed += text
        if (printed.includes('\n')) resolve(printed.trim())
      })
      cli.child.once('close', () => reject(new Error(`it ended: ${cli.err.texts().join('\n')}`)))
    }),
    'the address of the page',
  )
  return { cli, url }
}
