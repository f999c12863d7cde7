/**
 * Compiled and never run: the TypeScript that a user may and may not write. Each @ts-expect-error marks a line that the
 * compiler must refuse.
 */

import {
  type Config,
  type ErrorCode,
  type Json,
  type LearnedTool,
  configFromEnv,
  defaultConfig,
  isValidRuntimeType,
  Manager,
  ManagerBuilder,
  type RuntimeType,
  ToolExecutionError,
  ToolwardenError,
} from '../../index.js'

/** True when the two types are the same, not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(): T | undefined => undefined

declare const manager: Manager
declare const anyId: string

// Configuration
const partial: Config = { toolExecutionTimeout: '30s', backoffMaxInterval: 5, bunPermissions: ['--allow-net=localhost:1'] }
new Manager('.', partial)
new Manager('.', defaultConfig())
new Manager('.', configFromEnv(process.env))
new Manager('.', { tools: { 'files/*': { bunPermissions: [], toolExecutionTimeout: '1s', env: { A: 'b' }, retry: { on: ['crash'] } } } })
// @ts-expect-error not a setting of a tool
new Manager('.', { tools: { a: { isolation: 'call' } } })
holds<Same<Manager['enforcement']['tools'], Record<string, string[]>>>()
new Manager('.', { learn: true })
new Manager('.', { learn: { within: ['--allow-read=./data'] } })
// @ts-expect-error flags are a list
new Manager('.', { learn: { within: '--allow-read' } })
holds<Same<ReturnType<Manager['learned']>, Record<string, string[]>>>()
holds<Same<ReturnType<Manager['learnedInDetail']>[string], LearnedTool>>()
// @ts-expect-error an unknown field
new Manager('.', { toolTimeout: 5 })
// @ts-expect-error exactly "bun" or "node"
new Manager('.', { runtimeType: 'deno' })
// @ts-expect-error the working directory is not optional
new Manager()
holds<Same<ReturnType<typeof defaultConfig>['toolExecutionTimeout'], number>>()
holds<Same<ReturnType<typeof defaultConfig>['runtimeType'], RuntimeType>>()
// @ts-expect-error the configuration in use cannot be replaced
manager.config = defaultConfig()

// Builder
holds<Same<ReturnType<ManagerBuilder['build']>, Manager>>()
Manager.builder('.').runtimeType('node').config(partial).minWorkers(2).telemetry({ recordInputs: true }).build()
/** Every field of a config has its method. */
holds<Same<Exclude<keyof Config, keyof ManagerBuilder>, never>>()
// @ts-expect-error a mode is a number
Manager.builder('.').workerFilePerm('0600')

// Calls
holds<Same<Awaited<ReturnType<typeof callUnknown>>, Json>>()
const callUnknown = () => manager.executeTool('unknown', { any: ['thing'] })
const callDynamic = (): Promise<Json> => manager.executeTool(anyId, 1, { timeout: '5s', signal: AbortSignal.timeout(5) })
const callTyped = (): Promise<{ a: number }> => manager.executeTool<{ a: number }>('unknown')
const callNarrowed = () => manager.executeTool('unknown', 1, { permissions: ['--allow-read=./one'] })
const callForQueue = () => manager.executeTool('unknown', 1, { attempt: 2, idempotencyKey: 'k', retry: { tool: 'never' } })
holds<Same<Manager['slots'], number>>()
holds<Same<ToolwardenError['fault'], 'call' | 'tool' | 'host'>>()
manager.close({ timeout: '10s' })
// @ts-expect-error the only word is "never"
manager.executeTool('unknown', 1, { retry: { tool: 'always' } })
// @ts-expect-error a number
manager.executeTool('unknown', 1, { attempt: '2' })
// @ts-expect-error JSON has no functions
manager.executeTool('unknown', () => {})
// @ts-expect-error JSON has no bigint
manager.executeTool('unknown', { a: 1n })
// @ts-expect-error a misspelt option
manager.executeTool('unknown', 1, { timeOut: 5 })
// @ts-expect-error the timeout is not optional here
manager.executeToolWithTimeout('unknown', 1)

// Calls of tools whose types are known
declare module '../../index.js' {
  interface ToolTypes {
    greet: { input: { name: string }; output: { text: string } }
  }
}
const callGreet = () => manager.executeTool('greet', { name: 'Ada' })
holds<Same<Awaited<ReturnType<typeof callGreet>>, { text: string }>>()
const callGreetSoon = () => manager.executeToolWithTimeout('greet', { name: 'Ada' }, '1s')
holds<Same<Awaited<ReturnType<typeof callGreetSoon>>, { text: string }>>()
// @ts-expect-error a known tool with another input
manager.executeTool('greet', { nom: 'Ada' })
// @ts-expect-error a known tool without its input
manager.executeTool('greet')
// @ts-expect-error the same with a timeout of its own
manager.executeToolWithTimeout('greet', 5, 100)

// Events, errors, the rest
manager.on('log', ({ stream, level }) => [stream, level]).on('execution', ({ outcome }) => outcome).on('drain', () => {})
const toolOf = (error: unknown) => (error instanceof ToolExecutionError ? error.toolId : undefined)
const codeOf = (error: unknown): ErrorCode | undefined => (error instanceof ToolwardenError ? error.code : undefined)
const narrowed = (text: string): RuntimeType => (isValidRuntimeType(text) ? text : 'bun')
async function scoped() {
  await using short = new Manager('.')
  return short.stats().workers.idle
}

export { callDynamic, callForQueue, callNarrowed, callTyped, codeOf, narrowed, scoped, toolOf }
