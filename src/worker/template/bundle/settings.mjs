/**
 * For the type checker: `bundle_script` puts a JSON literal in its place.
 * @typedef {object} BundleSettings
 * @property {string} entrypoint absolute path
 */

/** @type {BundleSettings} */
export const settings = { entrypoint: '' }
