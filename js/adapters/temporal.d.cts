/** The types of temporal.js for programs that are CommonJS. temporal.d.ts says what each of these is. */

export type * from './temporal.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./temporal.js', { with: { 'resolution-mode': 'import' } })
export declare const FINAL_CODES: Module['FINAL_CODES']
export declare const toolExecId: Module['toolExecId']
export declare const toolActivities: Module['toolActivities']
export declare const workerOptions: Module['workerOptions']
