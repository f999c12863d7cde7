/** The types of ai-sdk.js for programs that are CommonJS. ai-sdk.d.ts says what each of these is. */

export type * from './ai-sdk.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./ai-sdk.js', { with: { 'resolution-mode': 'import' } })
export declare const toolSet: Module['toolSet']
