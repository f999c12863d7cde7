import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as ai7 from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import * as ai6 from 'ai6'
import { MockLanguageModelV3 } from 'ai6/test'

import { toolSet } from '../../js/adapters/ai-sdk.js'
import { TOOLS } from '../support/cli.mjs'
import { logCollector } from '../support/logs.mjs'
import { isRunning } from '../support/processes.mjs'
import { workbench } from '../support/workbench.mjs'

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
}
const call = (toolName, input) => ({
  content: [{ type: 'tool-call', toolCallId: `call-${toolName}`, toolName, input: JSON.stringify(input) }],
  finishReason: { unified: 'tool-calls', raw: undefined },
  usage,
  warnings: [],
})
const done = {
  content: [{ type: 'text', text: 'done' }],
  finishReason: { unified: 'stop', raw: undefined },
  usage,
  warnings: [],
}
/** The same turn as a stream. */
const streamed = ({ content, finishReason }) => ({
  stream: new ReadableStream({
    start(controller) {
      controller.enqueue({ type: 'stream-start', warnings: [] })
      for (const part of content) if (part.type === 'tool-call') controller.enqueue(part)
      controller.enqueue({ type: 'finish', finishReason, usage })
      controller.close()
    },
  }),
})

for (const [name, ai, Model] of [
  ['ai 7', ai7, MockLanguageModelV4],
  ['ai 6', ai6, MockLanguageModelV3],
]) {
  describe(`the ToolSet with ${name}`, () => {
    const bench = workbench()
    const open = (config) => bench.open(bench.project(), { entrypointPath: TOOLS, ...config })

    /** One turn in which the model calls the tool, and one in which it has its answer. */
    const ask = async (tools, toolName, input, options = {}) => {
      const model = new Model({ doGenerate: [call(toolName, input), done] })
      const answer = await ai.generateText({ model, tools, prompt: 'go', stopWhen: ai.stepCountIs(2), ...options })
      return { model, answer, parts: answer.steps[0].content }
    }

    test('the model is told names, descriptions and schemas, and gets the result', async () => {
      const tools = await toolSet(open())
      const { model, answer, parts } = await ask(tools, 'greet', { name: 'Ada' })
      const told = model.doGenerateCalls[0].tools.find((tool) => tool.name === 'greet')
      assert.equal(told.description, 'Greets someone\nby name')
      assert.deepEqual(told.inputSchema.required, ['name'])
      const result = parts.find(({ type }) => type === 'tool-result')
      assert.deepEqual(result.output, { greeting: 'Hello, Ada.' })
      assert.equal(answer.text, 'done')
    })

    test('an id that model APIs refuse gets a name, and a tool without object input an argument', async () => {
      const tools = await toolSet(open(), { tools: ['text/shout'] })
      assert.deepEqual(Object.keys(tools), ['text__shout'])
      const { parts } = await ask(tools, 'text__shout', { input: 'psst' })
      assert.equal(parts.find(({ type }) => type === 'tool-result').output, 'PSST')
    })

    test('config and env are the same for all calls', async () => {
      const tools = await toolSet(open(), { config: { tenant: 7 }, env: { WHO: 'me' } })
      const config = await ask(tools, 'echo', { a: 1 })
      assert.deepEqual(config.parts.at(-1).output, { input: { a: 1 }, config: { tenant: 7 } })
      const variable = await ask(tools, 'variable', { name: 'WHO' })
      assert.equal(variable.parts.at(-1).output, 'me')
    })

    test('a tool that fails is a tool error', async () => {
      const tools = await toolSet(open())
      const thrown = await ask(tools, 'fail', {})
      const { type, error } = thrown.parts.at(-1)
      assert.equal(type, 'tool-error')
      assert.equal(error.code, 'ERR_TOOL_THREW')
      const invalid = await ask(tools, 'greet', { name: 7 })
      assert.equal(invalid.parts.at(-1).error.code, 'ERR_INPUT_INVALID')
    })

    test('progress values are preliminary results', async () => {
      const tools = await toolSet(open())
      const model = new Model({ doStream: [streamed(call('steps', {})), streamed(done)] })
      const outputs = []
      const result = ai.streamText({ model, tools, prompt: 'go', stopWhen: ai.stepCountIs(2) })
      for await (const part of result.fullStream ?? result.stream) {
        if (part.type === 'tool-result') outputs.push([part.preliminary ?? false, part.output])
      }
      assert.deepEqual(outputs.slice(0, 3), [
        [true, 1],
        [true, { progress: 2, total: 3, message: 'two' }],
        [true, { found: 'three' }],
      ])
      assert.deepEqual(outputs.at(-1), [false, 'stepped'])
    })

    test("the SDK's signal cancels the call", async () => {
      const manager = open()
      const tools = await toolSet(manager)
      const log = logCollector()
      manager.on('log', log.add)
      const controller = new AbortController()
      const asked = ask(tools, 'waits', {}, { abortSignal: controller.signal })
      const settled = asked.then(
        ({ parts }) => parts.at(-1).error,
        (error) => error,
      )
      const pid = await log.number('pid')
      controller.abort()
      assert.match((await settled).name, /Abort/)
      assert.ok(!isRunning(pid))
    })
  })
}

describe('toolMs of ai 7', () => {
  const bench = workbench()

  test('an endless synchronous loop becomes a tool error within 600 ms, its process is gone, the next call works', async () => {
    const manager = bench.open(bench.project(), { entrypointPath: TOOLS })
    await manager.ready()
    const log = logCollector()
    manager.on('log', log.add)
    const tools = await toolSet(manager)
    const model = new MockLanguageModelV4({ doGenerate: [call('loop', {}), call('greet', { name: 'Ada' }), done] })
    let took
    const { steps } = await ai7.generateText({
      model,
      tools,
      prompt: 'go',
      stopWhen: ai7.stepCountIs(3),
      timeout: { toolMs: 300 },
      onToolExecutionEnd: ({ toolExecutionMs }) => {
        took ??= toolExecutionMs
      },
    })
    const failed = steps[0].content.at(-1)
    assert.equal(failed.type, 'tool-error')
    assert.equal(failed.error.code, 'ABORT_ERR')
    assert.equal(failed.error.cause.name, 'TimeoutError')
    assert.ok(took >= 290 && took < 600, `took ${took} ms`)
    assert.ok(!isRunning(await log.number('pid')))
    assert.deepEqual(steps[1].content.at(-1).output, { greeting: 'Hello, Ada.' })
  })
})

describe('the adapter', () => {
  test('does not import the SDK', async () => {
    const { readFileSync } = await import('node:fs')
    const source = readFileSync(new URL('../../js/adapters/ai-sdk.js', import.meta.url), 'utf8')
    assert.doesNotMatch(source, /from 'ai'|import\('ai'\)/)
  })

  test('an unknown id among the tools is refused with the nearest', async () => {
    const manager = { listTools: async () => [{ id: 'greet' }, { id: 'echo' }], executeTool: async () => null }
    await assert.rejects(toolSet(manager, { tools: ['gret'] }), /there is no tool "gret"; did you mean "greet"\?/)
  })
})
