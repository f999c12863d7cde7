import type { Json, ToolInfo } from '../../index.d.ts'

/** What the adapters need of a manager: a Manager, or any object with these two methods. */
export interface ManagerLike {
  executeTool(toolId: string, input?: any, options?: any): Promise<any>
  listTools(): Promise<ToolInfo[]>
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
