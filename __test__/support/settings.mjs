/** The sandbox mode of every manager that a test opens without another mode. */
export const SANDBOX = 'required'

/** How long anything may take before it counts as hung. Only a hang takes this long: no test depends on it to pass. */
export const HANG_BOUND = 30_000
