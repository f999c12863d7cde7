import { bounded } from './waiting.mjs'

/** Collects log entries; give `collector.add` as onLog or as the listener of 'log'. */
export function logCollector() {
  const entries = []
  const waiting = new Set()

  const add = (entry) => {
    entries.push(entry)
    for (const check of waiting) check()
  }

  /** Resolves with the entries once the predicate is true for them. */
  const until = (predicate, what) =>
    bounded(
      new Promise((resolve) => {
        const check = () => {
          if (!predicate(entries)) return
          waiting.delete(check)
          resolve(entries)
        }
        waiting.add(check)
        check()
      }),
      `the log to show ${what}`,
    )

  /** Resolves with the first entry whose text matches. */
  const line = async (pattern) => {
    const matches = (entry) => (typeof pattern === 'string' ? entry.text === pattern : pattern.test(entry.text))
    await until((all) => all.some(matches), String(pattern))
    return entries.find(matches)
  }

  /** Resolves with the number that follows `name=` in a line: tools print their process ids in this way. */
  const number = async (name) => Number((await line(new RegExp(`^${name}=\\d+$`))).text.split('=')[1])

  const texts = (stream) => entries.filter((entry) => !stream || entry.stream === stream).map((entry) => entry.text)

  return { entries, add, until, line, number, texts }
}
