/**
 * Compiles the code of worker files to bytecode, in a separate process and in the same sandbox as the tools. It writes
 * to the channel only.
 */
import { answer, answerFailure } from './answer.mjs'
import { code, entrypoint } from './code.mjs'

/** This file does not exist: its text is passed to the compiler. */
const PATH = '/.toolwarden/worker.cjs'

/** Whether nothing but the entrypoint must be loaded: it imports only what the runtime provides. */
async function isAlone() {
  if (entrypoint === null) return true
  const { isBuiltin } = process.getBuiltinModule('node:module')
  const imports = new Bun.Transpiler({ loader: 'tsx' }).scanImports(await Bun.file(entrypoint).text())
  return imports.every(({ path }) => isBuiltin(path) || /^bun(:|$)/.test(path))
}

async function compile() {
  const options = { entrypoints: [PATH], files: { [PATH]: code }, target: 'bun', format: 'cjs', bytecode: true, external: ['*'] }
  const { outputs } = await Bun.build(/** @type {any} */ (options))
  const [module, bytecode] = outputs
  const kinds = outputs.map(({ kind }) => kind).join(' ')
  if (kinds !== 'entry-point bytecode') return answer({ failure: `there would be: ${kinds}` })
  const files = [new Uint8Array(await module.arrayBuffer()), new Uint8Array(), new Uint8Array(await bytecode.arrayBuffer())]
  answer({ alone: await isAlone().catch(() => false) }, files)
}

try {
  await compile()
} catch (error) {
  answerFailure(error)
}
process.exit(0)
