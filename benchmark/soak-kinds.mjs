/** The kinds of calls of the soak test: how often each kind is made, how it is called and how it may settle. */

/**
 * The kind follows from the call's number, so that every run has the same mix: 1% throw, 0.1% crash (half exit, half
 * are killed), 0.1% time out.
 */
export function kindOf(number) {
  const place = number % 2000
  if (place === 500) return 'exit'
  if (place === 1500) return 'killSelf'
  if (place % 1000 === 750) return 'hang'
  return place % 100 === 50 ? 'fail' : 'echo'
}

export const KINDS = {
  echo: { call: (manager, number) => manager.executeTool('echo', { number }), codes: ['ok', 'ERR_TOOL_KILLED'] },
  fail: { call: (manager, number) => manager.executeTool('fail', { number }), codes: ['ERR_TOOL_THREW', 'ERR_TOOL_KILLED'] },
  exit: { call: (manager, number) => manager.executeTool('exit', { number }), codes: ['ERR_TOOL_EXITED', 'ERR_TOOL_KILLED'] },
  killSelf: { call: (manager, number) => manager.executeTool('killSelf', { number }), codes: ['ERR_TOOL_KILLED'] },
  hang: {
    call: (manager, number) => manager.executeToolWithTimeout('hang', { number }, '100ms'),
    codes: ['ERR_TOOL_TIMEOUT', 'ERR_TOOL_KILLED'],
  },
}

/** @param {Promise<unknown>} call @returns {Promise<{ code: string, result?: any, message?: string }>} */
export const settledAs = (call) =>
  call.then(
    (result) => ({ code: 'ok', result }),
    (error) => ({ code: String(error.code), message: error.message }),
  )

/**
 * A call that shares its process with one that ends it may be killed too. Nothing else may go wrong, and no call may
 * get the answer of another.
 */
export function check(kind, number, { code, result }) {
  if (!KINDS[kind].codes.includes(code)) return false
  return code !== 'ok' || result?.number === number
}
