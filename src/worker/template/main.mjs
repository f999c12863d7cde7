/** The worker's life: connect, import the entrypoint, send READY, serve calls. */
import { hasEntryTable } from './entry-table.mjs'
import { abortCall, endWhenIdle, fail, leave, startCall } from './calls.mjs'
import { callOfUncaught, consoleState, isOfOneOfSeveral, suspectCalls } from './current-call.mjs'
import { allInRing, begin, connect, finish, flush, putText } from './channel.mjs'
import { patchConsole } from './console.mjs'
import { importEntrypoint } from './entrypoint.mjs'
import { setMarkers } from './environment.mjs'
import { listenToConnections } from './destinations.mjs'
import { describe, cleanStack } from './failure.mjs'
import { placeOf } from './schemas.mjs'
import { inspect } from './format.mjs'
import { logText } from './log.mjs'
import { becomeChild, openOrigin, reportOf, settle } from './origin.mjs'
import { bun, exit, isBun, jsonStringify, onProcess, PromiseOf } from './primordials.mjs'
import { ABORT, CALL, END, LEVEL, LOAD_FAILED, PING, PONG, PROTOCOL, READY, STDERR, STDOUT } from './protocol.mjs'
import { settings } from './settings.mjs'
import { patchStream, writeStdout } from './streams.mjs'
import { catalogueProblem, catalogueText, readExports, warmup } from './tools.mjs'
import { listenToReads, sendMissed } from './variables.mjs'
import { warm } from './warm.mjs'

/** An origin rehearses more than a process that serves one call: it does so once for all its children. */
const ORIGIN_REHEARSALS = 3
const ORIGIN_PINGS = 5

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
  else if (pinged !== undefined) pinged()
  else if (kind === PING) prepare()
  else if (kind === END) endWhenIdle()
}

const pong = () => send(PONG, '')

/** In a forked process: copies memory that a call would have to copy. @type {(() => void) | undefined} */
let copyAhead

/** The host asks for it where no call waits, so that a process uses its time. */
function prepare() {
  if (copyAhead !== undefined) copyAhead()
  warm(pong, (error) => logError('warmup failed', error))
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
 * Handles an uncaught error. It fails the call whose code caused it; an error after that call's answer, or of no call,
 * is logged. If one of several calls caused it and nobody can tell which, the process ends: no call may be lost
 * silently. If nobody can tell whether a running call or an answered one caused it, a running call fails if nothing can
 * answer it any more.
 * @param {string} what
 * @param {unknown} error
 * @param {boolean} rejection
 */
function uncaught(what, error, rejection) {
  const call = callOfUncaught(rejection)
  if (call !== undefined) return fail(call, error)
  logError(what, error)
  if (isOfOneOfSeveral(rejection)) exit(1)
  suspectCalls(error, fail)
}

/** @param {unknown} error @param {string | undefined} place */
function loadFailed(error, place) {
  sendMissed(undefined)
  send(LOAD_FAILED, describe(error, 0, place))
  exit(1)
}

/** Runs the entrypoint's `warmup` before the process is forked. */
const warmUp = () => new PromiseOf((/** @type {(value: undefined) => void} */ resolve) => warm(() => resolve(undefined), (error) => logError('warmup failed', error), ORIGIN_REHEARSALS))

let isFork = false
/** In an origin: what the next frame of the host is for. @type {(() => void) | undefined} */
let pinged

/**
 * Sends and receives a few frames. The host answers each PONG of an origin with a PING, so that what a process does to get
 * its call was done once before it is forked.
 */
async function rehearseChannel() {
  for (let i = 0; i < ORIGIN_PINGS; i++) {
    await new PromiseOf((/** @type {(value: undefined) => void} */ resolve) => {
      pinged = () => resolve(undefined)
      send(PONG, '')
    })
  }
  pinged = undefined
}

async function load() {
  const origin = openOrigin()
  try {
    const reading = settings.entrypoint === null ? undefined : readExports((await importEntrypoint(settings.entrypoint)).namespace)
    if (reading !== undefined) await reading
  } catch (error) {
    return loadFailed(error, await placeOf(error, settings.entrypoint))
  }
  const catalogue = catalogueText()
  const tools = typeof catalogue === 'string' ? catalogue : await catalogue
  const problem = catalogueProblem(tools)
  if (problem !== undefined) return loadFailed(problem, undefined)
  const runtime = jsonStringify(bun ? bun.version : process.versions.node)
  const ready = (/** @type {string} */ more) =>
    send(READY, `{"protocol":${PROTOCOL},"runtime":${runtime},"entryTable":${hasEntryTable},"ring":${allInRing()},"warmup":${warmup !== undefined && !isFork},"tools":${tools}${more}}`)
  if (origin !== undefined) {
    await warmUp()
    await rehearseChannel()
    await settle(origin)
    ready(`,"origin":${reportOf(origin)}`)
    becomeChild(origin, logError)
    copyAhead = origin.addon.copyAhead
    isFork = true
  }
  ready('')
}

onProcess('uncaughtException', (error) => uncaught('uncaught exception', error, false))
onProcess('unhandledRejection', (error) => uncaught('unhandled rejection', error, true))
onProcess('exit', leave)
setMarkers()
patchStream('stdout', STDOUT)
patchStream('stderr', STDERR)
patchConsole(consoleState, writeStdout)
connect(handle, (error) => uncaught('uncaught exception', error, false))
listenToReads()
listenToConnections()
await load()
// Bun collects garbage when its main module has ended, with threads made for that, which would delay the first call by
// a millisecond.
if (isBun) await new Promise(() => {})
