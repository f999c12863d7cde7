/** The worker's life: connect, import the entrypoint, say READY, serve. */
import { hasBoard } from './board.mjs'
import { abortCall, callsInFlight, consoleState, currentCall, endWhenIdle, fail, leave, startCall } from './calls.mjs'
import { allInRing, begin, connect, finish, flush, putText } from './channel.mjs'
import { patchConsole } from './console.mjs'
import { importEntrypoint } from './entrypoint.mjs'
import { setMarkers } from './environment.mjs'
import { describe, cleanStack } from './failure.mjs'
import { inspect } from './format.mjs'
import { LEVEL, logText, STDERR, STDOUT } from './log.mjs'
import { bun, exit, isBun, jsonStringify, onProcess } from './primordials.mjs'
import { settings } from './settings.mjs'
import { patchStream, writeStdout } from './streams.mjs'
import { catalogueText, readExports, warmup } from './tools.mjs'
import { warm } from './warm.mjs'

const CALL = 0x01
const ABORT = 0x02
const PING = 0x03
const END = 0x04
const READY = 0x81
const LOAD_FAILED = 0x82
const PONG = 0x88
const PROTOCOL = 1

/** @param {number} kind @param {string} text */
function send(kind, text) {
  const start = begin(kind)
  putText(text)
  finish(start)
  flush()
}

/** @param {number} kind @param {string} text */
function handle(kind, text) {
  if (kind === CALL) startCall(text)
  else if (kind === ABORT) abortCall(text)
  else if (kind === PING) warm(() => send(PONG, ''), (error) => logError('warmup failed', error))
  else if (kind === END) endWhenIdle()
}

/** @param {string} what @param {unknown} error */
function logError(what, error) {
  let text
  try {
    text = cleanStack(typeof error === 'string' ? error : inspect(error))
  } catch {
    text = 'a value that cannot be shown'
  }
  logText(STDERR, LEVEL.error, `${what}: ${text}`)
}

/**
 * An error nobody caught. It fails the call in flight; with several in flight nobody knows whose it was, and a process in
 * that state serves no further call; with none it comes too late to change an answer.
 * @param {string} what @param {unknown} error
 */
function uncaught(what, error) {
  const call = currentCall()
  if (call !== undefined && callsInFlight() === 1) return fail(call, error)
  logError(what, error)
  if (callsInFlight() > 1) exit(1)
}

async function load() {
  try {
    const reading = settings.entrypoint === null ? undefined : readExports((await importEntrypoint(settings.entrypoint)).namespace)
    if (reading !== undefined) await reading
  } catch (error) {
    send(LOAD_FAILED, describe(error))
    exit(1)
  }
  const catalogue = catalogueText()
  const tools = typeof catalogue === 'string' ? catalogue : await catalogue
  const runtime = jsonStringify(bun ? bun.version : process.versions.node)
  send(READY, `{"protocol":${PROTOCOL},"runtime":${runtime},"board":${hasBoard},"ring":${allInRing()},"warmup":${warmup !== undefined},"tools":${tools}}`)
}

onProcess('uncaughtException', (error) => uncaught('uncaught exception', error))
onProcess('unhandledRejection', (error) => uncaught('unhandled rejection', error))
onProcess('exit', leave)
setMarkers()
patchStream('stdout', STDOUT)
patchStream('stderr', STDERR)
patchConsole(consoleState, writeStdout)
connect(handle, (error) => uncaught('uncaught exception', error))
await load()
// Bun collects garbage once its main module has ended, with threads made for that: a millisecond before the first call.
if (isBun) await new Promise(() => {})
