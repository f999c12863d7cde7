/** The types of bullmq.js for programs that are CommonJS. bullmq.d.ts says what each of these is. */

export type * from './bullmq.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./bullmq.js', { with: { 'resolution-mode': 'import' } })
export declare const FINAL_CODES: Module['FINAL_CODES']
export declare const toolProcessor: Module['toolProcessor']
export declare const workerOptions: Module['workerOptions']
export declare const superviseWorker: Module['superviseWorker']
