/**
 * The numbers that this side and the native addon must agree on. This file is their only source: build.rs makes the Rust
 * constants of src/binding/protocol.rs from it, each of the type that the last `// Rust:` line above it names.
 */

// Rust: u32
/** The length of a text that is not there. */
export const NO_TEXT = 0xffffffff

/** The kinds of events that the core reports. The number of an event is its call's, unless the kind says otherwise. */
export const EVENT = {
  result: 0, // JSON text, null for undefined
  error: 1, // ErrorData
  log: 2, // lines, see lines.js
  progress: 3, // JSON text
  record: 4, // ExecutionRecord
  ready: 5, // null or ErrorData; the number of the question
  drain: 6,
  closed: 7,
  tools: 8, // ToolInfo[]; the number of the question
  noTools: 9, // ErrorData; the number of the question
  listen: 10, // the number is a descriptor, now ours
}
// Rust: usize
/** Where the numbers of an event stand: its kind, its number, the length of its text. */
export const EVENT_FIELD = { kind: 0, number: 1, text: 2 }
/** Numbers per event. */
export const EVENT_FIELDS = 3

/** Where the numbers of a call stand: its number, its flags, its attempt (0: not given), and the lengths of its texts. */
export const CALL_FIELD = { number: 0, flags: 1, attempt: 2, toolId: 3, toolExecId: 4, input: 5, config: 6, env: 7, timeout: 8, retry: 9, idempotencyKey: 10, permissions: 11 }
/** Numbers per call. */
export const CALL_FIELDS = 12

// Rust: u32
/** Flags of a call: what the core reports while it runs. */
export const WANTS_LOGS = 1
export const WANTS_PROGRESS = 2

// Rust: u8
/** Flags of a manager: which listeners there are. */
export const OBSERVES_LOGS = 1
export const OBSERVES_RECORDS = 2

/** How this thread is woken when processes send something: by Node's event loop, or by sockets that it is given. Any other number: not at all. */
export const WAKE_UP_MODE = { eventLoop: 1, sockets: 2 }
