/** Runs the probes and reports what is enforced; the package is imported late, because its addon may be missing. */

import { nodeFlagForAnyProgram } from '../../node-flags.js'
import { loadNative } from '../../native.js'
import { secretsBeside } from '../secrets-beside.js'
import { VARIABLE, withProbeSite } from './probe-site.js'

/** @typedef {import('../../../index.d.ts').Config} Config */
/** @typedef {import('../../../index.d.ts').RuntimeType} RuntimeType */

/**
 * @typedef {object} Verdict
 * @property {string} kind
 * @property {boolean} refused whether it was refused where nothing allowed it
 * @property {boolean} allowed whether it worked where its flag was given
 * @property {string | null} problem
 */

/**
 * @typedef {object} RuntimeFound
 * @property {RuntimeType} type
 * @property {string | null} version
 * @property {string | null} path
 * @property {string | null} problem
 * @property {string | null} hint
 */

const MEMORY_LIMIT_MB = 256

/** @param {any} error */
const textOf = (error) => (error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error))

/** @template T @param {string} dir @param {Config} config @param {(manager: import('../../../index.d.ts').Manager) => Promise<T>} use */
async function using(dir, config, use) {
  const { Manager } = await import('../../../index.js')
  const manager = new Manager(dir, { entrypointPath: './tools.mjs', toolExecutionTimeout: '20s', ...config })
  try {
    return await use(manager)
  } finally {
    await manager.close({ force: true })
  }
}

/** @param {string} dir @param {RuntimeType} type @param {Config} config @returns {Promise<RuntimeFound>} */
async function runtime(dir, type, config) {
  try {
    const found = await using(dir, { runtimeType: type, ...config }, (manager) => manager.executeTool('runtime'))
    return { type, problem: null, hint: null, .../** @type {{ version: string, path: string }} */ (/** @type {unknown} */ (found)) }
  } catch (error) {
    return { type, version: null, path: null, problem: textOf(error), hint: Object(error).hint ?? null }
  }
}

/**
 * The permission flags of one probe, as the runtime's option takes them.
 * @param {RuntimeType} type
 * @param {string[]} flags
 * @returns {Config}
 */
const allowing = (type, flags) =>
  type === 'bun'
    ? { runtimeType: type, bunPermissions: flags }
    : {
        runtimeType: type,
        nodeOptions: ['--permission', ...flags.map(nodeFlagForAnyProgram)],
      }

/**
 * @param {string} dir @param {RuntimeType} type @param {import('./probe-site.js').Probe} probe
 * @returns {Promise<Verdict>}
 */
async function examinePermission(dir, type, { kind, input, flag }) {
  // Node has no flag for variables: a call passes them.
  const passed = type === 'node' && kind === 'env'
  /** @param {string[]} flags */
  const attempt = (flags) =>
    using(dir, allowing(type, passed ? [] : flags), (manager) =>
      manager.executeTool(kind, /** @type {any} */ (input), passed && flags.length > 0 ? { env: { [VARIABLE]: 'visible' } } : {}).then(
        () => null,
        (error) => error,
      ),
    )
  try {
    const refused = (await attempt([])) !== null
    const failure = await attempt([flag])
    const problem = refused ? (failure === null ? null : `with ${flag}: ${textOf(failure)}`) : 'it worked although nothing allowed it'
    return { kind, refused, allowed: failure === null, problem }
  } catch (error) {
    return { kind, refused: false, allowed: false, problem: textOf(error) }
  }
}

/** @param {string} dir @param {RuntimeType} type @returns {Promise<Verdict>} */
async function examineMemory(dir, type) {
  const attempt = (/** @type {number} */ mib) =>
    using(dir, { runtimeType: type, maxMemoryMb: MEMORY_LIMIT_MB }, (manager) =>
      manager.executeTool('memory', { mib }).then(
        () => null,
        (error) => error,
      ),
    )
  try {
    const over = await attempt(MEMORY_LIMIT_MB * 4)
    const under = await attempt(16)
    const refused = over?.code === 'ERR_TOOL_OUT_OF_MEMORY'
    const found = refused ? under : (over ?? new Error(`a tool took more than ${MEMORY_LIMIT_MB} MiB`))
    return { kind: 'memory', refused, allowed: under === null, problem: found === null ? null : textOf(found) }
  } catch (error) {
    return { kind: 'memory', refused: false, allowed: false, problem: textOf(error) }
  }
}

/**
 * What looks like a secret beside the tools of a project, with the permissions that apply there by default; null where
 * no manager can be made for it.
 * @param {string} dir
 */
async function examineProject(dir) {
  try {
    return await using(dir, { entrypointPath: './tools.ts', minWorkers: 0 }, async (manager) => secretsBeside(manager.enforcement))
  } catch {
    return null
  }
}

/** Why processes cannot be forked on this machine; null where they can, or where there is no Bun. @param {string} dir */
async function examineForks(dir) {
  try {
    const { state, reason } = await using(dir, { processStart: 'auto', minWorkers: 0 }, async (manager) => manager.stats().origin)
    return state === 'unavailable' ? reason : null
  } catch (error) {
    return textOf(error)
  }
}

/** Why the package cannot be imported; null where it can. */
async function missingAddon() {
  try {
    await import('../../../index.js')
    return null
  } catch (error) {
    return textOf(error)
  }
}

/** @param {AbortSignal} signal @param {string} project whose secrets are looked for */
export async function examine(signal, project) {
  const addon = await missingAddon()
  if (addon !== null) return { addon, kernel: null, runtimes: [], enforcement: null, verdicts: [], warning: null, noForks: null }
  /** @type {import('../../native-interface.d.ts').KernelSurvey} */
  const kernel = JSON.parse(loadNative().surveyKernel())
  const warning = await examineProject(project)
  return withProbeSite(async ({ dir, probes }) => {
    // Where nothing can be enforced, the runtimes are still looked for.
    const config = /** @type {Config} */ (kernel.problem === null ? {} : { sandbox: 'off' })
    const runtimes = [await runtime(dir, 'bun', config), await runtime(dir, 'node', config)]
    const usable = runtimes.find(({ version }) => version !== null)
    /** @type {Verdict[]} */
    const verdicts = []
    let enforcement = null
    let noForks = null
    if (usable !== undefined && kernel.problem === null) {
      const enforcementFound = await using(dir, { runtimeType: usable.type, minWorkers: 0 }, async (manager) => ({ ...manager.enforcement, own: manager.workingDir }))
      // The probes' own directory no longer exists when this is read.
      enforcement = { ...enforcementFound, readable: enforcementFound.readable.filter((path) => path !== enforcementFound.own && !path.startsWith(`${enforcementFound.own}/`)) }
      for (const probe of probes) {
        signal.throwIfAborted()
        verdicts.push(await examinePermission(dir, usable.type, probe))
      }
      noForks = await examineForks(dir)
      signal.throwIfAborted()
      verdicts.push(await examineMemory(dir, usable.type))
    }
    return { addon, kernel, runtimes, enforcement, verdicts, warning, noForks }
  })
}
