import type { Json } from '../../index.d.ts'
import type { ManagerLike, ToolSelection } from './manager-like.d.ts'

export type { ManagerLike, ToolSelection }

/** Fits `tools` of messages.create(). */
export interface AnthropicToolDefinition {
  name: string
  description?: string
  input_schema: { type: 'object'; [keyword: string]: unknown }
}
export interface ToolUseBlock {
  type: 'tool_use'
  id: string
  name: string
  input: unknown
}
export interface ToolResultBlock {
  type: 'tool_result'
  tool_use_id: string
  content?: string
  is_error?: boolean
}
export interface RunOptions {
  signal?: AbortSignal
  onProgress?: (value: Json) => void
}

export interface AnthropicTools {
  tools: AnthropicToolDefinition[]
  /**
   * Runs the tool that the model asked for, and gives the block that answers it. A failure is an answer too, with
   * is_error; the promise rejects only when `signal` was aborted.
   */
  run(block: ToolUseBlock, options?: RunOptions): Promise<ToolResultBlock>
  /**
   * Runs all tool_use blocks of a message's content concurrently and keeps their order: the content of the next user
   * message.
   */
  runAll(content: readonly { type: string }[], options?: RunOptions): Promise<ToolResultBlock[]>
}

/** Ids that the API would reject become names by a fixed rule: `fs/read` is `fs__read`, `fs.read` is `fs_-read`. */
export function anthropicTools(manager: ManagerLike, selection?: ToolSelection): Promise<AnthropicTools>
