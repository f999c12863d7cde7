/**
 * Implements the rules for tests in CONTRIBUTING.md that oxlint can check. The rules apply to the code only: text that a test contains,
 * such as the source of a tool that loops for ever, is not checked.
 */

/** The names that Bun's `node:test` exports too. */
const OF_NODE_TEST = new Set(['test', 'it', 'describe', 'before', 'after', 'beforeEach', 'afterEach'])
const LEFT_OUT = new Set(['skip', 'todo', 'only'])
const TIMERS = new Set(['node:timers/promises', 'timers/promises'])

/** @param {any} node */
const nameOf = (node) => (node?.type === 'Identifier' ? node.name : node?.type === 'Literal' ? String(node.value) : undefined)

/** Whether a loop's condition cannot end it. @param {any} condition */
const neverEnds = (condition) => condition === null || condition === undefined || (condition.type === 'Literal' && Boolean(condition.value))

/** Whether the only thing that can end a loop is something that it waits for. @param {any} condition @returns {boolean} */
const waits = (condition) =>
  condition?.type === 'AwaitExpression' ||
  (condition?.type === 'UnaryExpression' && waits(condition.argument)) ||
  (condition?.type === 'BinaryExpression' && (waits(condition.left) || waits(condition.right))) ||
  (condition?.type === 'MemberExpression' && waits(condition.object))

const rules = {
  'known-imports': (/** @type {any} */ context) => ({
    ImportDeclaration(/** @type {any} */ node) {
      if (node.source.value !== 'node:test') return
      const names = new Set(node.specifiers.map((/** @type {any} */ specifier) => nameOf(specifier.imported)))
      if (names.has('it') && names.has('test')) context.report({ node, message: 'a file uses `test` or `it`, not both' })
      for (const specifier of node.specifiers) {
        const name = nameOf(specifier.imported)
        if (name === undefined || !OF_NODE_TEST.has(name)) {
          context.report({ node: specifier, message: `import only ${[...OF_NODE_TEST].join(', ')} of node:test: the tests run under Bun too` })
        }
      }
    },
  }),
  'no-left-out-test': (/** @type {any} */ context) => ({
    CallExpression(/** @type {any} */ node) {
      const { callee } = node
      if (callee.type === 'MemberExpression') {
        const of = nameOf(callee.object)
        const name = nameOf(callee.property)
        if (of !== undefined && (OF_NODE_TEST.has(of) || of === 't') && name !== undefined && LEFT_OUT.has(name)) {
          context.report({ node, message: `a test is never left out: no ${of}.${name}` })
        }
        return
      }
      const name = nameOf(callee)
      if (name === undefined || !OF_NODE_TEST.has(name)) return
      for (const option of node.arguments.filter((/** @type {any} */ argument) => argument.type === 'ObjectExpression').flatMap((/** @type {any} */ options) => options.properties)) {
        const key = nameOf(option.key)
        if (key !== undefined && LEFT_OUT.has(key)) context.report({ node: option, message: `a test is never left out: no option \`${key}\`` })
      }
    },
  }),
  'no-fixed-sleep': (/** @type {any} */ context) => ({
    ImportDeclaration(/** @type {any} */ node) {
      if (!TIMERS.has(node.source.value)) return
      for (const specifier of node.specifiers) {
        const name = nameOf(specifier.imported)
        if (name !== 'setImmediate') context.report({ node: specifier, message: 'wait for an event: `until` and `bounded` of support/waiting.mjs' })
      }
    },
    NewExpression(/** @type {any} */ node) {
      if (nameOf(node.callee) !== 'Promise') return
      const [executor] = node.arguments
      const resolve = nameOf(executor?.params?.[0])
      const call = executor?.body?.type === 'CallExpression' ? executor.body : undefined
      if (call !== undefined && nameOf(call.callee) === 'setTimeout' && nameOf(call.arguments[0]) === resolve) {
        context.report({ node, message: 'wait for an event: `until` and `bounded` of support/waiting.mjs; a duration that must pass: `passes`' })
      }
    },
  }),
  'no-unbounded-loop': (/** @type {any} */ context) => {
    /** @param {any} node */
    const check = (node) => {
      if (waits(node.test)) context.report({ node, message: 'a loop that waits has a bound: `until` of support/waiting.mjs' })
      else if (neverEnds(node.test)) context.report({ node, message: 'a loop of a test has a bound: count its rounds' })
    }
    return { ForStatement: check, WhileStatement: check, DoWhileStatement: check }
  },
}

export default {
  meta: { name: 'tests' },
  rules: Object.fromEntries(Object.entries(rules).map(([name, create]) => [name, { create }])),
}
