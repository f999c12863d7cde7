/**
 * Finds renamed declarations. Two modules may declare the same name; in a bundle one becomes `name2`, and so does the
 * `name` of its functions and classes. They get their original names back before a tool runs.
 */
const DECLARED = /^(?:async )?(?:var|let|const|class|function\*?) ([\w$]*[A-Za-z_$])(\d+)\b/gm

/** @param {string} code the bundle @param {string[]} texts of the modules @returns {[string, string][]} pairs: in the bundle, as written */
export function renamed(code, texts) {
  /** @type {Map<string, string>} */
  const found = new Map()
  for (const [, name, digits] of code.matchAll(DECLARED)) found.set(name + digits, name)
  for (const name of found.keys()) {
    const written = new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`)
    if (texts.some((text) => written.test(text))) found.delete(name)
  }
  return [...found]
}

/**
 * The beginning of the bundle: strict mode as in modules, and a function that restores the names.
 * @param {[string, string][]} names
 */
export function banner(names) {
  const restore = names.map(([here, written]) => `n(()=>${here},${JSON.stringify(here)},${JSON.stringify(written)})`)
  // A declaration that has not been evaluated yet throws, and has no function to rename.
  const one = '(f,h,w)=>{try{f=f();if(typeof f=="function"&&f.name===h)Object.defineProperty(f,"name",{value:w,configurable:true})}catch{}}'
  const hook = restore.length === 0 ? '' : `globalThis[Symbol.for("toolwarden.bundle")]?.(()=>{const n=${one};${restore.join(';')}});`
  return `"use strict";${hook}`
}
