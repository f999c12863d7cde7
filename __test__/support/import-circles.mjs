/**
 * Which scripts use one another in a circle. It reads every way in which a script names another one: `import` and `export` with
 * `from`, `import()`, and JSDoc's `import('./x.js').Type`, because a reader follows a type as well.
 */

import { dirname, join, normalize } from 'node:path/posix'

/** The relative paths that a script names. */
const NAMED = /\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"]+)\1/g

/**
 * For each script the scripts that it names. Paths that are not among the scripts, for example of packages, are left out.
 * @param {Array<[string, string]>} scripts paths and texts
 * @returns {Map<string, Set<string>>}
 */
export function namedScripts(scripts) {
  const paths = new Set(scripts.map(([path]) => path))
  return new Map(
    scripts.map(([path, text]) => {
      const named = [...text.matchAll(NAMED)].map(([, , other]) => normalize(join(dirname(path), other)))
      return [path, new Set(named.filter((other) => paths.has(other)))]
    }),
  )
}

/**
 * The groups of scripts of which each names every other one, directly or through others.
 * @param {Map<string, Set<string>>} named
 * @returns {string[][]}
 */
export function circles(named) {
  const reached = new Map([...named.keys()].map((path) => [path, reachable(path, named)]))
  const inCircles = [...named.keys()].filter((path) => reached.get(path).has(path))
  const groups = inCircles.map((path) => inCircles.filter((other) => reached.get(path).has(other) && reached.get(other).has(path)))
  return [...new Map(groups.map((group) => [group.join(' '), group])).values()]
}

/** @param {string} path @param {Map<string, Set<string>>} named */
function reachable(path, named) {
  const found = new Set()
  const next = [...named.get(path)]
  while (next.length > 0) {
    const one = next.pop()
    if (found.has(one)) continue
    found.add(one)
    next.push(...named.get(one))
  }
  return found
}
