/** Replaces the addon on platforms without one: the package loads, and every use of it reports why it does not work. */

import { errorFrom } from './errors.js'
import { captureSite } from './call-site.js'
import { ON_MACOS, ON_WINDOWS, OTHER_PLATFORM } from './hints.js'

/** @type {Record<string, string>} by process.platform */
const NAMES = { darwin: 'macOS', win32: 'Windows' }
const INSTEAD = {
  darwin: ON_MACOS,
  win32: ON_WINDOWS,
}

/**
 * @param {string} platform @param {string} arch @param {string[]} built the platforms that have an addon
 * @returns {import('./native-interface.d.ts').NativeModule}
 */
export function noNative(platform, arch, built) {
  const message =
    `toolwarden cannot run tools on ${NAMES[platform] ?? platform} (${arch}): its sandbox is Landlock and seccomp of ` +
    `the Linux kernel, and there are builds for ${built.join(' and ')} only`
  const hint = Reflect.get(INSTEAD, platform) ?? OTHER_PLATFORM
  /** @type {import('./native-interface.d.ts').ErrorData} */
  const data = { code: 'ERR_SANDBOX_UNAVAILABLE', message, hint, problems: [] }
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
    open: () => text,
  }
}
