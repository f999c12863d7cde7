import type { ToolSet } from 'ai'
import type { ManagerLike, ToolSelection } from './manager-like.d.ts'

export type { ManagerLike, ToolSelection }

/**
 * The manager's tools for generateText, streamText and agents of `ai` 6 and 7.
 *
 * Names are the tools' ids where model APIs allow them; `fs/read` becomes `fs__read`, `fs.read` becomes `fs_-read`.
 * The SDK's abort signal cancels the call, its tool call id is the call's toolExecId, and values that a tool passes to
 * context.progress() are preliminary results.
 */
export function toolSet(manager: ManagerLike, selection?: ToolSelection): Promise<ToolSet>
