/** Judges the results from the virtual machine and writes them as text. */

/** The memory that a process may use at a limit: see docs/limits.md. @param {number} limit */
const most = (limit) => limit + Math.max(24, limit / 8)

/** The watchdog counts a shared mapping as a whole before its pages exist; the tool maps this many MiB at a time. */
const SHARED_STEP = 16

/** Whether one test ended as it must. @param {any} row */
function isGood(row) {
  if (row.kind === 'left') return row.left.length === 0 && row.exit === 0
  if (row.kind === 'control') {
    const expected = /killed|root of/.test(row.where) ? 'cgroup' : 'watchdog'
    return row.memory === expected && row.off === expected && row.none === 'none' && row.value === 3
  }
  if (row.kind !== 'limit') return true
  if (row.memory !== 'cgroup') return false
  // Bun ends itself if it gets no more threads for its own use.
  if (row.way === 'threads') return row.value === 'EAGAIN' || /killed by SIGABRT/.test(row.message)
  if (row.way.startsWith('below') || row.way.startsWith('a program')) return row.code === undefined
  return row.code === 'ERR_TOOL_OUT_OF_MEMORY' && row.peak <= most(row.limit) + (row.way === 'shared' ? SHARED_STEP : 0)
}

/** @param {any[]} seen */
export function report(seen) {
  const bad = seen.filter((row) => !isGood(row))
  const machine = seen.find((row) => row.kind === 'machine')
  const limits = seen.filter((row) => row.kind === 'limit')
  const rows = [...new Set(limits.map(({ way }) => way))].map((way) => {
    const tries = limits.filter((row) => row.way === way)
    const ends = [...new Set(tries.map((row) => (row.code === undefined ? `done (${way === 'threads' ? row.value : 'its result'})` : `\`${row.code}\``)))]
    return `| ${way} | ${tries[0].limit} MiB | ${tries.length} | ${ends.join(', ')} | ${Math.max(...tries.map((row) => row.peak ?? 0))} MiB |`
  })
  // The last thing that a machine does is to list the cgroups that are left: a run that was cut short has no such row.
  const isWhole = seen.at(-1)?.kind === 'left' && limits.length > 0
  const text = `By \`npm run cgroup-vm\`, ${new Date().toISOString().slice(0, 10)}, in a virtual machine with Linux ${machine?.kernel}: each as root and as an ordinary user, with Bun and with Node,
under \`enforcement.memory\` "cgroup". "Peak": the highest \`peakMemoryMb\` of them; the kernel lets a process have ${most(256)} MiB at a limit of 256, and ${most(64)} at 64.

| a tool that takes too much | limit | tries | end | peak |
|---|---|---|---|---|
${rows.join('\n')}

Shared mappings are counted as a whole by the watchdog, before their pages are there: hence their peak. After each run, and after a
host was killed with SIGKILL and another came, nothing was left under the parent. With a parent that has no controllers, or with another's cgroup in it,
\`enforcement.memory\` was "watchdog"; with the root of the tree as the parent it was "cgroup".
${bad.length === 0 ? '' : `\n${bad.map((row) => `- ${JSON.stringify(row)}`).join('\n')}\n`}`
  return { text, good: isWhole && bad.length === 0 }
}
