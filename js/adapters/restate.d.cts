/** The types of restate.js for programs that are CommonJS. restate.d.ts says what each of these is. */

export type * from './restate.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./restate.js', { with: { 'resolution-mode': 'import' } })
export declare const FINAL_CODES: Module['FINAL_CODES']
export declare const toolService: Module['toolService']
