/**
 * For the type checker: `bundle_script` replaces this by a JSON literal.
 * @typedef {object} BundleSettings
 * @property {string} entrypoint absolute path
 */

/** @type {BundleSettings} */
export const settings = { entrypoint: '' }
