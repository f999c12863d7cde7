/** The types of openai.js for programs that are CommonJS. openai.d.ts says what each of these is. */

export type * from './openai.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./openai.js', { with: { 'resolution-mode': 'import' } })
export declare const openaiTools: Module['openaiTools']
