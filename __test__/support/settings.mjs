/** The sandbox mode of every manager the suite opens without saying otherwise. */
export const SANDBOX = 'required'

/** How long anything may take before it counts as hung. Only a hang reaches it: no test is right because of it. */
export const HANG_BOUND = 30_000
