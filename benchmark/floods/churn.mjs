/**
 * Opens managers one after the other, each of which makes one call and closes, in the directory that the flood's
 * manager uses too.
 */

import { INPUT } from '../payload.mjs'

/** @param {(config: object) => import('../../index.js').Manager} open a manager with the neighbour's tool @returns {() => Promise<void>} */
export function churn(open) {
  let opened = 0
  return async () => {
    opened += 1
    // Another output size makes another worker file, with a lock file of its own.
    const manager = open({ minWorkers: 0, entrypointCache: true, maxOutputSize: 1_000_000 + opened })
    try {
      await manager.executeTool('add', INPUT)
    } finally {
      await manager.close({ force: true })
    }
  }
}
