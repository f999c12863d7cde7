/** The types of anthropic.js for programs that are CommonJS. anthropic.d.ts says what each of these is. */

export type * from './anthropic.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./anthropic.js', { with: { 'resolution-mode': 'import' } })
export declare const anthropicTools: Module['anthropicTools']
