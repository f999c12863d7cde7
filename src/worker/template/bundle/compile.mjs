/**
 * Compiles the code of worker files to bytecode, in a process of its own, in the same sandbox as the tools. Nothing is read or
 * written but the channel.
 */
import { answer, answerFailure } from './answer.mjs'
import { code } from './code.mjs'

/** There is no such file: its text is given. */
const PATH = '/.toolwarden/worker.cjs'

async function compile() {
  const options = { entrypoints: [PATH], files: { [PATH]: code }, target: 'bun', format: 'cjs', bytecode: true, external: ['*'] }
  const { outputs } = await Bun.build(/** @type {any} */ (options))
  const [module, bytecode] = outputs
  const kinds = outputs.map(({ kind }) => kind).join(' ')
  if (kinds !== 'entry-point bytecode') return answer({ failure: `there would be: ${kinds}` })
  const files = [new Uint8Array(await module.arrayBuffer()), new Uint8Array(), new Uint8Array(await bytecode.arrayBuffer())]
  answer({ inputs: [PATH] }, files)
}

try {
  await compile()
} catch (error) {
  answerFailure(error)
}
process.exit(0)
