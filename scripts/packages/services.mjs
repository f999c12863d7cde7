/** The services that jobs need: each is started when the first job asks for it and ended after the last job. */

import { findProgram } from './services/daemon.mjs'
import { http } from './services/http.mjs'
import { mariadb } from './services/mariadb.mjs'
import { postgres } from './services/postgres.mjs'
import { redis } from './services/redis.mjs'
import { smtp } from './services/smtp.mjs'

/**
 * @typedef {import('./package.d.ts').ServiceName} ServiceName
 * @typedef {{ value: string | number, stop(): Promise<void> }} Running
 */

/**
 * A service that is a program which only has to be installed.
 * @param {string} name
 * @param {string} [directory] its directory if it is not on PATH
 */
const program = (name, directory) => () => {
  const path = directory === undefined ? findProgram(name) : findProgram(name, directory)
  return path === undefined ? undefined : Promise.resolve({ value: path, stop: () => Promise.resolve() })
}

/** @type {Record<ServiceName, { debian: string, start(): Promise<Running> | undefined }>} */
const services = {
  http: { debian: '', start: http },
  smtp: { debian: '', start: smtp },
  pg: { debian: 'postgresql', start: postgres },
  redis: { debian: 'redis-server', start: redis },
  mysql: { debian: 'mariadb-server', start: mariadb },
  // The browser itself: Debian's `chromium` on PATH is a shell script around it.
  chromium: { debian: 'chromium', start: program('chromium', '/usr/lib/chromium') },
  git: { debian: 'git', start: program('git') },
  ffmpeg: { debian: 'ffmpeg', start: program('ffmpeg') },
}
/** The Debian packages that install all services. */
export const debianPackages = [...Object.values(services).map(({ debian }) => debian), 'fonts-dejavu-core'].filter((name) => name !== '')

export class Services {
  /** @type {Map<ServiceName, Promise<Running> | undefined>} */
  #started = new Map()

  /**
   * Returns the ports and paths of services, by name; services that are not installed are in `missing`.
   * @param {readonly ServiceName[]} names
   */
  async have(names) {
    /** @type {Record<string, string | number>} */
    const at = {}
    /** @type {string[]} */
    const missing = []
    for (const name of names) {
      if (!this.#started.has(name)) this.#started.set(name, services[name].start())
      const running = this.#started.get(name)
      if (running === undefined) missing.push(services[name].debian)
      else at[name] = (await running).value
    }
    return { at, missing }
  }

  async stop() {
    for (const running of this.#started.values()) await (await running)?.stop()
    this.#started.clear()
  }
}
