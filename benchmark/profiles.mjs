/** How much is measured: enough for a stable median, or enough to see in three minutes where one stands. */

export const PROFILES = {
  full: { rounds: 15, sliceMs: 1000, callsPerRound: 30, gaps: 25, budgetMs: 120_000 },
  quick: { rounds: 5, sliceMs: 300, callsPerRound: 8, gaps: 8, budgetMs: 6_000 },
}
