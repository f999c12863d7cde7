/** A manager's tools as a ToolSet of the AI SDK (`ai` 6 and 7), which itself is never imported. */

import { progressThenResult } from './progress-then-result.js'
import { objectInput } from './object-input.js'
import { selectTools } from './select-tools.js'
import { byName } from './tool-names.js'
import { wellFormed } from '../well-formed.js'

/** The mark by which the SDK knows its own `jsonSchema()` objects; registered, so that it can be set from outside. */
const SCHEMA = Symbol.for('vercel.ai.schema')

/**
 * The schema without a validator: the tool's own schema checks the input in the tool's process.
 * @param {Record<string, any>} jsonSchema
 */
const sdkSchema = (jsonSchema) => ({ [SCHEMA]: true, _type: undefined, jsonSchema, validate: undefined })

/**
 * @param {import('./manager-like.d.ts').ManagerLike} manager
 * @param {import('./manager-like.d.ts').ToolSelection} [selection]
 * @returns {Promise<any>}
 */
export async function toolSet(manager, { tools, config, env } = {}) {
  const set = Object.create(null)
  for (const [name, tool] of byName(await selectTools(manager, tools))) {
    const { schema, toInput } = objectInput(tool.inputSchema)
    set[name] = {
      ...(tool.description === null ? undefined : { description: tool.description }),
      inputSchema: sdkSchema(schema),
      /** @param {any} input @param {{ toolCallId?: string, abortSignal?: AbortSignal }} [options] */
      execute: (input, { toolCallId, abortSignal } = {}) =>
        progressThenResult((onProgress) =>
          manager
            .executeTool(tool.id, toInput(input), {
              toolExecId: toolCallId || undefined,
              signal: abortSignal,
              config,
              env,
              onProgress: (/** @type {unknown} */ value) => onProgress(wellFormed(value)),
            })
            .then(wellFormed),
        ),
    }
  }
  return { ...set }
}
