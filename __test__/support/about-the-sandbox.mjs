/**
 * Imported by test files that are about the sandbox, so that `scripts/tests-of-the-sandbox.mjs` leaves them out where there is none.
 * It has no content.
 */
