import type { Json, ManagerStats, ResolvedConfig, ToolInfo } from '../../index.d.ts'

/** What the adapters need of a manager: a Manager, or any object with these two methods. */
export interface ManagerLike {
  executeTool(toolId: string, input?: any, options?: any): Promise<any>
  listTools(): Promise<ToolInfo[]>
}

/** What the adapters for engines need of a manager; a Manager is one. */
export interface EngineManager extends ManagerLike {
  readonly config: ResolvedConfig
  /** The number of calls that it can run at once. */
  readonly slots: number
  stats(): ManagerStats
  close(options?: { force?: boolean; timeout?: number | string }): Promise<void>
}

/** Which tools are offered, and what every call of them receives. */
export interface ToolSelection {
  /** Ids of the tools to offer. Default: all. */
  tools?: string[]
  /** Second argument of the tools. */
  config?: Json
  /** Variables of the calls. */
  env?: Record<string, string>
}
