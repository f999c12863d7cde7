/**
 * What single tests need of the system that they run on, as their options. What is missing is told by whoever starts the tests: on a
 * machine with everything no test is skipped.
 */

import process from 'node:process'

import { SANDBOX } from './settings.mjs'

/** The core that other systems than Linux get; `npm run portable` tests it on Linux too. */
const PORTABLE = process.env.WARDEN_TEST_CORE === 'portable'

/** @param {boolean} missing @param {string} why */
const unless = (missing, why) => (missing ? { skip: why } : {})

/** Nothing is refused without it, and no process is kept in its group. */
export const needsSandbox = unless(SANDBOX === 'off', 'there is no sandbox')

/** A process that ends the programs which a killed host leaves: Linux's has to do with the sandbox, the portable core always has one. */
export const needsGuardian = unless(SANDBOX === 'off' && !PORTABLE, 'no process ends what a killed host leaves')

/** Linux's guardian removes the files of a killed host too: `src/sandbox/run/guardian.rs`. */
export const needsRemovalOfFiles = unless(PORTABLE, 'no process removes the files of a killed host')

/** What the portable core cannot do: such as the limits and figures that only Linux has, or a start that stops no thread of the host. */
export const needsLinux = unless(PORTABLE, 'only Linux tells or does that')
