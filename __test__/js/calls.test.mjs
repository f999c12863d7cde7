import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { ToolExecutionError } from '../../js/errors.js'
import { answerTheRest, closed, failure, log, openFake, progress, ready, record, rejection, result } from './fake-native.mjs'

after(answerTheRest)

const ENTRY = { toolId: 't', toolExecId: 'x', stream: 'stdout', level: 'info', text: 'hello', time: 1 }

describe('the answer of a call', () => {
  for (const [text, value] of [['{"a":[1]}', { a: [1] }], ['null', null], ['0', 0], ['""', ''], ['false', false], [null, undefined]]) {
    test(`${text} gives ${JSON.stringify(value)}`, async () => {
      const { manager, native } = openFake()
      const promise = manager.executeTool('t')
      native.happen(...result(1, text))
      assert.deepEqual(await promise, value)
    })
  }

  test('many answers of one batch reach their own calls in any order', async () => {
    const { manager, native } = openFake()
    const promises = Array.from({ length: 20 }, (_, i) => manager.executeTool('t', i))
    manager.stats()
    native.happen(...native.submitted.toReversed().flatMap(({ call, input }) => result(call, `"${input}"`)))
    assert.deepEqual(await Promise.all(promises), Array.from({ length: 20 }, (_, i) => `${i}`))
  })

  test('a second answer of a call and one nobody waits for change nothing', async () => {
    const { manager, native } = openFake()
    const promise = manager.executeTool('t')
    native.happen(...result(1, '1'), ...result(1, '2'), ...failure(99, { code: 'ERR_TOOL_THREW' }))
    assert.equal(await promise, 1)
  })

  test('a forged answer that is no JSON fails that call alone', async () => {
    const { manager, native } = openFake()
    const [forged, honest] = [manager.executeTool('t', 1, { toolExecId: 'x' }), manager.executeTool('t')]
    native.happen(...result(1, '{"a":'), ...result(2, '"fine"'))
    const error = await rejection(forged)
    assert.deepEqual([error.code, error.operation, error.toolId, error.toolExecId], ['ERR_OUTPUT_INVALID', 'decode result', 't', 'x'])
    assert.ok(error.cause instanceof SyntaxError)
    assert.equal(await honest, 'fine')
  })

  test('a failure becomes its error, with the line that made the call', async () => {
    const { manager, native } = openFake()
    async function myOwnCode() {
      return manager.executeTool('t')
    }
    const promise = myOwnCode()
    native.happen(...failure(1, { code: 'ERR_TOOL_THREW', toolId: 't', toolExecId: 'x', cause: { name: 'RangeError', message: 'r' } }))
    const error = await rejection(promise)
    assert.ok(error instanceof ToolExecutionError)
    assert.deepEqual(error.cause, { name: 'RangeError', message: 'r' })
    assert.match(error.stack.split('\n')[1], /myOwnCode.*calls\.test\.mjs/)
  })

  test('a call the core refuses at once is rejected and leaves the manager usable', async () => {
    const { manager, native } = openFake()
    native.refusal = { code: 'ERR_QUEUE_FULL', message: 'full', toolId: 't', toolExecId: 'x' }
    assert.equal((await rejection(manager.executeTool('t'))).code, 'ERR_QUEUE_FULL')
    native.refusal = null
    const promise = manager.executeTool('t')
    native.happen(...result(native.submitted[0].call, '1'))
    assert.equal(await promise, 1)
  })
})

describe('crossing together', () => {
  /** The order of everything that crossed between JavaScript and the addon, one entry for each crossing. */
  function crossings() {
    const { manager, native } = openFake()
    native.onSubmit = (...calls) => native.asked.push(`submit ${calls}`)
    return { manager, native }
  }

  test('a call alone is not held back', () => {
    const { manager, native } = crossings()
    manager.executeTool('t')
    assert.deepEqual(native.asked, ['submit 1'])
  })

  test('other calls of one turn cross in one piece, after the last of them', async () => {
    const { manager, native } = crossings()
    for (let i = 0; i < 4; i++) manager.executeTool('t', i)
    assert.deepEqual(native.asked, ['submit 1'])
    await undefined
    await undefined
    assert.deepEqual(native.asked, ['submit 1', 'submit 2,3,4'])
    assert.deepEqual(native.submitted.map(({ input }) => input), ['0', '1', '2', '3'])
  })

  test('many calls of one turn cross in several pieces, each call once and in order', async () => {
    const { manager, native } = crossings()
    const promises = Array.from({ length: 100 }, (_, i) => manager.executeTool('t', i))
    assert.ok(native.asked.length > 1 && native.submitted.length < 100, native.asked)
    await undefined
    await undefined
    assert.deepEqual(native.submitted.map(({ call }) => call), Array.from(promises, (_, i) => i + 1))
  })

  test('a large input does not wait for others', () => {
    const { manager, native } = crossings()
    for (const input of ['small', 'x'.repeat(2 ** 20)]) manager.executeTool('t', input)
    assert.deepEqual(native.asked, ['submit 1', 'submit 2'])
  })

  test('whatever the core is asked, it knows the calls made before', async () => {
    for (const ask of ['stats', 'metrics', 'ready', 'listTools', 'close']) {
      const { manager, native } = crossings()
      for (let i = 0; i < 2; i++) manager.executeTool('t').catch(() => {})
      void manager[ask]()
      assert.deepEqual(native.asked.slice(0, 2), ['submit 1', 'submit 2'], ask)
      native.happen(...(ask === 'close' ? closed() : ready(3)))
    }
  })

  test('a call that is cancelled in the turn in which it was made crosses first', () => {
    const { manager, native } = crossings()
    const controller = new AbortController()
    manager.executeTool('t')
    manager.executeTool('t', 1, { signal: controller.signal }).catch(() => {})
    controller.abort()
    assert.deepEqual(native.asked, ['submit 1', 'submit 2', 'cancel 2'])
  })

  test('texts come apart as they were, whatever is in them', async () => {
    const { manager, native } = crossings()
    const halves = { toolId: '\ud83d', toolExecId: '\ude00' }
    const odd = ['', '\n', 'a\nb', '😀', 'é', '\u0000', '\ud800']
    manager.executeTool('t')
    for (const text of odd) manager.executeTool(text, text, { toolExecId: text, config: { text }, env: { A: text } })
    manager.executeTool(halves.toolId, null, { toolExecId: halves.toolExecId })
    await undefined
    await undefined
    const [, ...rest] = native.submitted
    assert.deepEqual(
      rest.map(({ toolId, toolExecId, input, config, env }) => [toolId, toolExecId, JSON.parse(input), config, env]),
      [
        ...odd.map((text) => [text, text, text, JSON.stringify({ text }), JSON.stringify([['A', text]])]),
        [halves.toolId, halves.toolExecId, null, null, null],
      ],
    )
  })

  test('one that is refused among others is rejected alone', async () => {
    const { manager, native } = crossings()
    const first = manager.executeTool('t')
    const [refused, taken] = [manager.executeTool('full'), manager.executeTool('t')]
    const submit = native.submit.bind(native)
    native.submit = (...batch) => {
      submit(...batch)
      return JSON.stringify([[2, { code: 'ERR_QUEUE_FULL', message: 'full' }]])
    }
    assert.equal((await rejection(refused)).code, 'ERR_QUEUE_FULL')
    native.happen(...result(1, '1'), ...result(3, '3'))
    assert.deepEqual(await Promise.all([first, taken]), [1, 3])
  })
})

describe('the stack of a failure', () => {
  /** An error of the tenth of as many calls, each made as `make` makes it. */
  async function failed(make) {
    const { manager, native } = openFake()
    const calls = Array.from({ length: 10 }, () => make(manager))
    await undefined
    await undefined
    native.happen(...native.submitted.flatMap(({ call }) => failure(call, { code: 'ERR_TOOL_THREW', toolId: 't' })))
    const results = await Promise.allSettled(calls)
    return results.at(-1).reason
  }

  test('names who awaits the call, with many in flight', async () => {
    async function awaits(manager) {
      await manager.executeTool('t')
    }
    async function catches(manager) {
      const error = await manager.executeTool('t').catch((reason) => reason)
      throw error
    }
    async function awaitsAll(manager) {
      await Promise.all([manager.executeTool('t'), null])
    }
    for (const make of [awaits, catches, awaitsAll]) {
      const { stack } = await failed(make)
      assert.match(stack, new RegExp(`^ToolExecutionError: it failed\\n[^]*${make.name}.*calls\\.test\\.mjs`))
      assert.doesNotMatch(stack, /\/js\/(?:manager|site|pending)\.js/)
    }
  })

  test('is there where nobody awaits it', async () => {
    const { stack } = await failed((manager) => manager.executeTool('t'))
    assert.match(stack, /^ToolExecutionError: it failed/)
  })
})

describe('cancelling', () => {
  test('an aborted signal refuses the call before the core hears of it', async () => {
    const { manager, native } = openFake()
    const reason = new Error('enough')
    const error = await rejection(manager.executeTool('t', 1, { signal: AbortSignal.abort(reason), toolExecId: 'x' }))
    assert.deepEqual([error.name, error.code, error.cause, error.toolId, error.toolExecId], ['AbortError', 'ABORT_ERR', reason, 't', 'x'])
    assert.deepEqual(native.submitted, [])
  })

  test('an abort cancels in the core, whose answer settles the call', async () => {
    const { manager, native } = openFake()
    const controller = new AbortController()
    native.onCancel = (call) => native.happen(...failure(call, { code: 'ABORT_ERR', toolId: 't' }))
    const promise = manager.executeTool('t', 1, { signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    const error = await rejection(promise)
    assert.deepEqual(native.asked, ['cancel 1: enough'])
    assert.deepEqual([error.name, error.cause], ['AbortError', reason])
  })

  test('the onabort of the user is untouched, and nothing stays on the signal', async () => {
    const { manager, native } = openFake()
    const controller = new AbortController()
    let mine = 0
    controller.signal.onabort = () => mine++
    const promise = manager.executeTool('t', 1, { signal: controller.signal })
    native.happen(...result(1, '1'))
    await promise
    controller.abort()
    assert.equal(mine, 1)
    assert.deepEqual(native.asked, [])
  })

  test('many calls may share a signal without a warning', async () => {
    const warnings = []
    const listen = (warning) => warnings.push(warning.name)
    process.on('warning', listen)
    const { manager, native } = openFake()
    const { signal } = new AbortController()
    const promises = Array.from({ length: 50 }, () => manager.executeTool('t', 1, { signal }))
    manager.stats()
    native.happen(...native.submitted.flatMap(({ call }) => result(call, '1')))
    await Promise.all(promises)
    await new Promise(setImmediate)
    process.off('warning', listen)
    assert.deepEqual(warnings, [])
  })
})

describe('logs, progress and records', () => {
  test('a call hears its own lines and values, before its answer', async () => {
    const { manager, native } = openFake()
    const heard = []
    const onLog = ({ text }) => heard.push(text)
    const promise = manager.executeTool('t', 1, { onLog, onProgress: (value) => heard.push(value) })
    const other = manager.executeTool('t')
    native.happen(...log(1, ENTRY, { ...ENTRY, text: 'again' }), ...progress(1, '{"done":1}'), ...log(2, ENTRY), ...result(1, '1'), ...result(2, '2'))
    await Promise.all([promise.then(() => heard.push('answer')), other])
    assert.deepEqual(heard, ['hello', 'again', { done: 1 }, 'answer'])
  })

  test('lines are whole entries, of one time where they have one', async () => {
    const { manager, native } = openFake()
    const heard = []
    const promise = manager.executeTool('t', 1, { onLog: (entry) => heard.push(entry) })
    const entries = [ENTRY, { ...ENTRY, text: 'again' }, { ...ENTRY, stream: 'stderr', level: null, time: 2.5 }]
    native.happen(...log(1, ...entries), ...result(1, '1'))
    await promise
    assert.deepEqual(heard, entries)
  })

  test('a forged progress value is dropped', async () => {
    const { manager, native } = openFake()
    const heard = []
    const promise = manager.executeTool('t', 1, { onProgress: (value) => heard.push(value) })
    native.happen(...progress(1, 'nonsense'), ...progress(1, '2'), ...result(1, '1'))
    await promise
    assert.deepEqual(heard, [2])
  })

  test('the core is told what there are listeners for, once per change', () => {
    const { manager, native } = openFake()
    const listener = () => {}
    manager.on('log', listener).once('execution', listener).on('log', () => {}).on('drain', listener)
    manager.off('log', listener)
    manager.removeAllListeners('log')
    manager.removeAllListeners()
    manager.prependListener('log', listener)
    assert.deepEqual(native.asked, ['observe 1', 'observe 3', 'observe 2', 'observe 0', 'observe 1'])
  })

  test('listeners hear late lines of settled calls and every record, once listeners one', async () => {
    const { manager, native } = openFake()
    const heard = []
    manager.on('log', ({ text }) => heard.push(text))
    manager.once('execution', ({ toolExecId }) => heard.push(toolExecId))
    const promise = manager.executeTool('t')
    native.happen(...result(1, '1'), ...record({ toolExecId: 'first' }), ...log(1, ENTRY), ...record({ toolExecId: 'second' }))
    await promise
    assert.deepEqual(heard, ['first', 'hello'])
    assert.deepEqual(native.asked, ['observe 1', 'observe 3', 'observe 1'])
  })

  test('a long burst does not keep the host from its timers', async () => {
    const { manager, native } = openFake()
    let batches = 0
    let timerRan = false
    const rest = native.drain.bind(native)
    native.drain = (head) => {
      if (timerRan || ++batches === 1_000_000) return rest(head)
      const [[kind, call, lines]] = log(0, ENTRY)
      head.set([1, kind, call, lines.length])
      return lines
    }
    setTimeout(() => {
      timerRan = true
    }, 0)
    const promise = manager.executeTool('t')
    native.happen(...result(1, '1'))
    await promise
    assert.ok(timerRan, `${batches} batches without a turn of the timer`)
  })
})
