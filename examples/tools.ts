/** The tools that the examples beside this file offer to models: ordinary functions, run in a sandbox. */

import { readFileSync } from 'node:fs'
import { z } from 'zod'

export const weather = {
  description: 'The weather of a city',
  inputSchema: z.object({ city: z.string().describe('name of the city') }),
  execute: ({ city }: { city: string }) => ({ city, celsius: 10 + (city.length % 15), sky: 'clear' }),
}

export const word_count = {
  description: 'Counts the words of a file of the project',
  inputSchema: z.object({ path: z.string() }),
  execute: ({ path }: { path: string }) => readFileSync(path, 'utf8').split(/\s+/).length,
}
