/**
 * The host's settings for all calls. This file is for the type checker: `render` replaces it by a JSON literal.
 *
 * @typedef {object} WorkerSettings
 * @property {string | null} entrypoint file: URL of the module with the tools
 * @property {string} projectRoot
 * @property {number} maxOutputSize bytes of the largest result
 * @property {number} concurrent calls that may be in flight at once
 * @property {'call' | 'worker'} isolation
 * @property {boolean} sharedMemory there is some, as descriptor 4
 * @property {{ ids: { id: string, group: number }[], beginnings: { id: string, group: number }[] }} groups the confinement groups of
 *   tools with settings of their own
 * @property {boolean} allInRing with isolation "worker": every frame goes through the ring
 */

/** @type {WorkerSettings} */
export const settings = { entrypoint: null, projectRoot: '', maxOutputSize: 0, concurrent: 1, isolation: 'call', sharedMemory: false, groups: { ids: [], beginnings: [] }, allInRing: false }

/** What the schema pieces use of the others; also inserted by `render`. @type {() => object} */
export const schemaParts = () => ({})
