/** The page's chart, as SVG text: two sets of bars, readable on a light and on a dark page. */

import { medians } from './stats.mjs'

const WIDTH = 760
const LABELS = 290
const VALUES = 110
const BAR = 20
const STEP = 28
const HEAD = 44

const PANELS = [
  {
    title: 'Reused worker, 64 in flight: calls per second',
    scenario: 'reused-throughput',
    entrypoint: 'empty',
    key: 'callsPerSecond',
    length: (value, most) => value / most,
    text: (value) => Math.round(value).toLocaleString('en-US'),
  },
  {
    title: 'A process per call: time to the answer, ms (p50, logarithmic)',
    scenario: 'process-latency',
    entrypoint: 'empty',
    key: 'p50Us',
    // The axis starts at 0.1 ms, so that the shortest bar is still visible.
    length: (value, most) => Math.max(0.01, Math.log10(value / 100) / Math.log10(most / 100)),
    text: (value) => (value / 1000).toFixed(value < 10_000 ? 2 : 1),
  },
]

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function panel(host, { title, scenario, entrypoint, key, length, text }, top) {
  const taken = host.scenarios.find((one) => one.scenario === scenario && one.entrypoint === entrypoint)
  const rows = (taken?.entries ?? [])
    .filter(({ rounds }) => rounds !== undefined)
    .map(({ contestant, rounds }) => ({ contestant, value: medians(rounds)[key] }))
  const most = Math.max(...rows.map(({ value }) => value))
  const room = WIDTH - LABELS - VALUES
  const bars = rows.map(({ contestant, value }, at) => {
    const y = top + HEAD + at * STEP
    const width = (length(value, most) * room).toFixed(1)
    const own = contestant.startsWith('toolwarden')
    return [
      `<text class="label" x="${LABELS - 8}" y="${y + 15}">${escape(contestant)}</text>`,
      `<rect class="${own ? 'own' : 'other'}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
      `<text class="value" x="${LABELS + Number(width) + 6}" y="${y + 15}">${text(value)}</text>`,
    ].join('\n')
  })
  const svg = `<text class="title" x="12" y="${top + 26}">${escape(title)}</text>\n${bars.join('\n')}`
  return { svg, bottom: top + HEAD + rows.length * STEP }
}

/** @param {{ name: string, version: string, scenarios: object[] }} host one host of results.json */
export function chart(host) {
  let bottom = 0
  const drawn = PANELS.map((one) => {
    const made = panel(host, one, bottom)
    bottom = made.bottom
    return made.svg
  })
  const height = bottom + 16
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>toolwarden side by side with others, host ${escape(host.name)} ${escape(host.version)}</title>
<style>
.title { font-weight: 600; font-size: 15px; fill: #1f2328 }
.label { text-anchor: end; fill: #1f2328 }
.value { fill: #1f2328 }
.own { fill: #1a7f5a }
.other { fill: #9aa4af }
@media (prefers-color-scheme: dark) { .title, .label, .value { fill: #e6edf3 } }
</style>
${drawn.join('\n')}
</svg>
`
}
