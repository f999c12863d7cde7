/** The sandbox mode of every manager the suite opens without saying otherwise; one place, so that it can become the default. */
export const SANDBOX = 'off'

/** How long anything may take before it counts as hung. Only a hang reaches it: no test is right because of it. */
export const HANG_BOUND = 30_000
