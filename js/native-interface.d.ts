/**
 * The interface of the native addon. Every function is synchronous and takes and returns text; failures are returned as
 * the JSON of an ErrorData and never thrown. "UserValue" text is the encoding of user-value.js.
 */

import type { ErrorCode, Denial } from '../index.d.ts'

export interface NativeModule {
  /** ResolvedConfig as UserValue text. */
  preset(name: string): string
  /** From the JSON of [name, value] pairs: `{"ok": <UserValue>}` or `{"error": ErrorData}`. */
  configFromEnv(pairs: string): string
  /** What settings, as UserValue text, allow beyond the defaults: the JSON of `{field, given, instead}[]`. */
  widenings(settings: string): string
  /** Null when the UserValue text is a timeout, otherwise an ErrorData. */
  checkTimeout(given: string): string | null
  /** The known name that was probably meant; null when none is close. */
  nearest(name: string, known: readonly string[]): string | null
  /** Where a text stops being JSON, and why: the JSON of `{line, column, problem}`, both counted from 1. Null for JSON. */
  jsonProblem(text: string): string | null
  /** Milliseconds that close() may wait, from the UserValue text of a duration; a string is an ErrorData. */
  closeTimeout(given: string): number | string
  isBunAvailable(workingDir: string, hostDirs: string[]): boolean
  /** What this machine's kernel offers the sandbox: the JSON of a KernelSurvey. */
  surveyKernel(): string
  /**
   * Takes the JSON of OpenOptions; a string in return is an ErrorData. `wake` is called when drain() has something.
   * `wakeUpMode` is how this thread is woken when processes send something, one of WAKE_UP_MODE; any other number: not at all.
   */
  open(options: string, wake: () => void, wakeUpMode: number): NativeManager | string
  /**
   * Takes the JSON of WrapOptions and starts a program with this process's standard streams; a string in return is an
   * ErrorData. `tell` gets the JSON of each NativeWrapEvent, and keeps this process alive until the last one.
   */
  wrap(options: string, tell: (event: string) => void): NativeWrapped | string
}

export interface WrapOptions {
  workingDir: string
  /** A UserValue: permissions, memory, time. */
  config: unknown
  command: string[]
  /** Whether `toolExecutionTimeout` holds. */
  timed: boolean
  path: string
  env: Record<string, string | undefined>
}

export interface NativeWrapped {
  signal(number: number): void
}

export type NativeWrapEvent =
  | ({ kind: 'denied' } & Denial)
  | { kind: 'unlisted' }
  | { kind: 'ending'; why: string; hint: string; timedOut: boolean }
  /** The last one. Both null: how it ended is not known. */
  | { kind: 'ended'; code: number | null; signal: number | null; name: string | null }

export interface KernelSurvey {
  /** The kernel's version of Landlock; 0 without Landlock. */
  landlockAbi: number
  /** The active security modules, where the system lists them. */
  modules: string | null
  /** Whether system call filters can be loaded. */
  seccomp: boolean
  /** Whether system calls can be reported to a supervisor (seccomp user notification). */
  listener: boolean
  /** Why no sandbox can be enforced; null where one can. */
  problem: { message: string; hint: string | null } | null
}

export interface OpenOptions {
  workingDir: string
  /** A UserValue. */
  config: unknown
  /** The directories of the host application, whose `bun` package is used when the project has none. */
  hostDirs: string[]
  path: string
  /** The host's own executable, where it is Node. */
  node: string | null
  env: Record<string, string | undefined>
}

export interface NativeManager {
  /** `{ config, workingDir, workerFileHash, enforcement }` as UserValue text. */
  info(): string
  /**
   * Takes `count` calls. `texts` contains all their text; `head` has twelve numbers for each: its number, its flags, its
   * attempt (0: not given), and the lengths in UTF-16 units of toolId, toolExecId (each followed by a line feed that does
   * not count), input, config, env, timeout, retry, idempotencyKey and permissions, 0xffffffff for an absent text. Null when all were
   * accepted, otherwise the JSON of the `[number, ErrorData]` of the rejected calls.
   */
  submit(texts: string, head: Uint32Array, count: number): string | null
  /** `why` is for the tool. */
  cancel(call: number, why?: string | null): void
  observe(flags: number): void
  /**
   * The events since the last call, as many as fit `head`: first the number of events, then three numbers for each:
   * kind, call or question, length of its text in UTF-16 units (0xffffffff: none). Returns their texts, concatenated.
   */
  drain(head: Uint32Array): string
  /** A doorbell socket became readable, or, with `all`, was closed; drain() must follow. */
  read(all: boolean): void
  ready(question: number): void
  listTools(question: number): void
  close(force: boolean): void
  /** Kills every process and removes the worker file before it returns: the host is about to end. */
  abandon(): void
  stats(): string
  metrics(): string
  /** `{ [toolId]: LearnedTool }` as JSON text; null where the manager does not learn. */
  learned(): string | null
}

/** One failure as the core describes it; fields without a value are null. */
export interface ErrorData {
  code: ErrorCode
  message: string
  hint?: string | null
  problems?: Array<{ field: string; message: string }> | null
  operation?: string | null
  field?: string | null
  issues?: Array<{ path: string; message: string }> | null
  attempts?: number | null
  exitCode?: number | null
  signal?: string | null
  stderr?: string | null
  toolId?: string | null
  toolExecId?: string | null
  timedOut?: boolean | null
  permission?: Denial['permission'] | null
  resource?: string | null
  denials?: Denial[] | null
  cause?: unknown
}
