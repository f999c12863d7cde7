import type { Json } from '../../index.d.ts'
import type { ManagerLike, ToolSelection } from './manager-like.d.ts'

export type { ManagerLike, ToolSelection }

/** Fits `tools` of chat.completions.create(). */
export interface ChatToolDefinition {
  type: 'function'
  function: { name: string; description?: string; parameters: Record<string, unknown> }
}
/** Fits `tools` of responses.create(). */
export interface ResponsesToolDefinition {
  type: 'function'
  name: string
  description: string | null
  parameters: Record<string, unknown>
  strict: false
}
export interface ChatToolCall {
  type: 'function'
  id: string
  function: { name: string; arguments: string }
}
export interface ResponsesToolCall {
  type: 'function_call'
  call_id: string
  name: string
  arguments: string
}
export interface ChatToolMessage {
  role: 'tool'
  tool_call_id: string
  content: string
}
export interface ResponsesToolOutput {
  type: 'function_call_output'
  call_id: string
  output: string
}
export interface RunOptions {
  signal?: AbortSignal
  onProgress?: (value: Json) => void
}

export interface OpenAITools {
  chat: ChatToolDefinition[]
  responses: ResponsesToolDefinition[]
  /**
   * Runs the tool that the model asked for, and gives the message that answers it. A failure is an answer too, in words
   * for the model; the promise rejects only when `signal` was aborted.
   */
  run(call: ResponsesToolCall, options?: RunOptions): Promise<ResponsesToolOutput>
  run(call: ChatToolCall, options?: RunOptions): Promise<ChatToolMessage>
  /** Runs all function calls of `message.tool_calls` concurrently and keeps their order. */
  runAll(toolCalls: readonly { type: 'function' | 'custom' }[] | null | undefined, options?: RunOptions): Promise<ChatToolMessage[]>
  /** Runs all function calls of `response.output` concurrently and keeps their order. */
  runAll(output: readonly { type: string }[], options?: RunOptions): Promise<ResponsesToolOutput[]>
}

/** Ids that the API would reject become names by a fixed rule: `fs/read` is `fs__read`, `fs.read` is `fs_-read`. */
export function openaiTools(manager: ManagerLike, selection?: ToolSelection): Promise<OpenAITools>
