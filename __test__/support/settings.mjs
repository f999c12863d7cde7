import process from 'node:process'

/**
 * The sandbox mode of every manager that a test opens without another mode. `npm test` switches it off on a machine
 * that can enforce nothing, and leaves out the tests that need it.
 */
export const SANDBOX = process.env.WARDEN_TEST_SANDBOX === 'off' ? 'off' : 'required'

/** How many times slower than a real one this machine may be: `npm run kernels` sets it where the processor is emulated. */
export const PATIENCE = Number(process.env.WARDEN_TEST_PATIENCE ?? 1)

/** How long anything may take before it counts as hung. Only a hang takes this long: no test depends on it to pass. */
export const HANG_BOUND = 60_000 * PATIENCE
