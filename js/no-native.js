/** Replaces the addon where it cannot work: the package loads, and every use of it reports why. */

import { errorFrom } from './errors.js'
import { captureSite } from './call-site.js'
import { NEWER_BUN, ON_WINDOWS, OTHER_PLATFORM } from './hints.js'

/** @type {Record<string, string>} by process.platform */
const NAMES = { darwin: 'macOS', win32: 'Windows' }
const INSTEAD = {
  win32: ON_WINDOWS,
}

/** @param {string} platform @param {string} arch @param {string[]} built the platforms that have an addon */
export function otherPlatform(platform, arch, built) {
  const message =
    `toolwarden cannot run tools on ${NAMES[platform] ?? platform} (${arch}): its sandbox is Landlock and seccomp of ` +
    `the Linux kernel, and there are builds for ${built.join(' and ')} only`
  const hint = Reflect.get(INSTEAD, platform) ?? OTHER_PLATFORM
  return noNative({ code: 'ERR_SANDBOX_UNAVAILABLE', message, hint, problems: [] })
}

/** @param {string} version of the Bun that runs the host */
export function oldBun(version) {
  const message = `toolwarden needs Bun 1.4 or newer as its host, and this is Bun ${version}, whose event loop an addon cannot wake`
  return noNative({ code: 'ERR_RUNTIME_UNSUPPORTED', message, hint: NEWER_BUN, problems: [] })
}

/**
 * @param {import('./native-interface.d.ts').ErrorData} data why nothing works
 * @returns {import('./native-interface.d.ts').NativeModule}
 */
function noNative(data) {
  const text = JSON.stringify(data)
  return {
    preset() {
      throw errorFrom(data, captureSite(this.preset))
    },
    configFromEnv: () => JSON.stringify({ error: data }),
    widenings: () => '[]',
    checkTimeout: () => text,
    nearest: () => null,
    jsonProblem: () => null,
    closeTimeout: () => text,
    isBunAvailable: () => false,
    surveyKernel: () => JSON.stringify({ landlockAbi: 0, modules: null, seccomp: false, listener: false, problem: { message: data.message, hint: data.hint ?? null } }),
    open: () => text,
    wrap: () => text,
  }
}
