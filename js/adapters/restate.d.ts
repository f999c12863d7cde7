import type { Context, Request, RunOptions, ServiceDefinition } from '@restatedev/restate-sdk'
import type { Duration, ErrorCode, Json } from '../../index.d.ts'
import type { EngineManager } from './manager-like.d.ts'

export type { EngineManager }

/** The codes after which an invocation fails at once, because the same call would fail in the same way again. */
export const FINAL_CODES: ReadonlySet<ErrorCode>

export interface ToolServiceOptions {
  /** The name of the service. Default "tools". */
  name?: string
  /** The ids of the tools to offer. Default: all. */
  tools?: string[]
  /** The second argument of the tools. */
  config?: Json | ((request: Request) => Json)
  /** Variables of the calls. */
  env?: Record<string, string> | ((request: Request) => Record<string, string> | undefined)
  /** The longest time that one attempt may take. Default: toolExecutionTimeout of the manager. */
  timeout?: Duration | ((request: Request) => Duration | undefined)
  /** How Restate tries a call again. Default: for ever, with growing intervals. */
  retry?: Omit<RunOptions<any>, 'serde'>
  /** Default FINAL_CODES. */
  final?: ReadonlySet<ErrorCode>
}

/**
 * Makes a service with a handler for each tool. Handlers have the ids of their tools, with `_` for `-` and `.`, and
 * `__` for `/`. Restate sends all invocations at once: give the manager a `maxQueue`; refused invocations are sent
 * again. Needs Node 22 or newer: docs/restate.md.
 */
export function toolService<Name extends string = 'tools'>(
  manager: EngineManager,
  options?: ToolServiceOptions & { name?: Name },
): Promise<ServiceDefinition<Name, Record<string, (ctx: Context, input?: any) => Promise<any>>>>
