/** How much is measured: `full` for stable medians, `quick` for a rough result in a few minutes. */

export const PROFILES = {
  full: { rounds: 15, sliceMs: 1000, callsPerRound: 30, gaps: 25, budgetMs: 120_000 },
  quick: { rounds: 5, sliceMs: 300, callsPerRound: 8, gaps: 8, budgetMs: 6_000 },
}
