/**
 * What a host and its processes must agree on. This file is the only source of it: build.rs makes the Rust constants of
 * src/worker/protocol.rs from it, each of the type that the last `// Rust:` line above it names.
 */

// Rust: u32
/** The version of the protocol. READY contains it, and a worker with another version is not used. It is raised with every change that a host or a worker of the previous version would misunderstand. */
export const PROTOCOL = 1
/** Stands in a RESULT for "the thrown error did not say how long to wait before the next attempt". */
export const NO_RETRY_AFTER = 0xffffffff

// Rust: i32
/** The channel's descriptor in a process. */
export const CHANNEL_FD = 3
/** The descriptor of the memory that a process shares with the host. */
export const MEMORY_FD = 4

// Rust: usize
/** Bytes of the length that comes before a frame's kind. */
export const LENGTH_BYTES = 4

// The kinds of frames; src/worker/frame/mod.rs has the bodies.
// Rust: u8
export const CALL = 0x01
export const ABORT = 0x02
export const PING = 0x03
export const END = 0x04
export const READY = 0x81
export const LOAD_FAILED = 0x82
export const ENTERED = 0x83
export const RESULT = 0x84
export const PROGRESS = 0x85
export const LOG = 0x86
export const ABORT_ACK = 0x87
export const PONG = 0x88
export const LEAVING = 0x89
export const PRINTED = 0x8a
export const MISSED = 0x8b
export const WANTS = 0x8c
export const READS = 0x8d

/** What the text of a RESULT is. */
export const STATUS = { value: 0, undefined: 1, threw: 2, notFound: 3, inputInvalid: 4, outputInvalid: 5, outputTooLarge: 6, otherGroup: 7 }
/** What a RESULT says of trying again: `error.retryable` as it was thrown. */
export const RETRY = { unsaid: 0, retryable: 1, not: 2 }
/** The streams of a LOG. */
export const STDOUT = 1
export const STDERR = 2
/** The console method of a LOG; raw: a piece of a stream, with its own line ends. */
export const LEVEL = { raw: 0, debug: 1, info: 2, log: 3, warn: 4, error: 5 }

// Rust: usize
/** How many variables that were read and are not there a MISSED names. */
export const MOST_NAMES = 64
/** The longest name of a variable that a MISSED carries. */
export const LONGEST_NAME = 128
/**
 * The deepest nesting of arrays and objects that a value of a tool may have. Programs walk values by recursion, JSON.stringify among
 * them, and a few thousand levels are all that a stack of Node or Bun has room for.
 */
export const MAX_DEPTH = 1000
/** Frames may have this many bytes whatever `maxOutputSize` is; the process cuts what is longer. */
export const LEAST_MAX_FRAME = 16 * 1024 * 1024

// The ring in shared memory. The numbers about it lie at its beginning, each on a cache line of its own; their places count in
// units of four bytes.
// Rust: usize
/** The bytes written so far, modulo 2^32; the process sets this number. */
export const RING_WRITTEN = 0
/** The bytes read so far, modulo 2^32; the host sets this number. */
export const RING_READ = 16
/** Not 0: the host wants to be woken by a PRINTED frame when something is written. */
export const RING_WANTED = 32
/** The number of bytes that the ring holds; the host sets it once. */
export const RING_SIZE = 48
/** The byte of the memory at which the ring's bytes begin. The entries of entered calls follow the ring. */
export const RING_START = 256

// Variables with which the host starts a process.
// Rust: &str
/** The file: URL of the bundled entrypoint. */
export const BUNDLE_VARIABLE = 'TOOLWARDEN_BUNDLE'
/** The number of the confinement group whose tools the process runs; absent in the manager's own. */
export const GROUP_VARIABLE = 'TOOLWARDEN_GROUP'
/** The host's variables that tools read without a flag while a manager learns, as the JSON of an object. */
export const LEARN_VARIABLE = 'TOOLWARDEN_LEARN_VARIABLES'
/** The directory of Bun's cache of transpiled modules; "0": there is none. */
export const MODULE_CACHE_VARIABLE = 'BUN_RUNTIME_TRANSPILER_CACHE_PATH'
/**
 * Keeps Bun from starting threads to transpile modules, which is faster where there are several modules and costs a tenth of a start
 * where there is one. Bun takes any value; by this one the worker file knows that the variable is not a user's own.
 */
export const NO_THREADS_VARIABLE = 'BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER'
export const NO_THREADS_VALUE = 'toolwarden'
/** The path of the addon, for a process that is to become an origin. */
export const ORIGIN_VARIABLE = 'TOOLWARDEN_ORIGIN'
/**
 * With these variables Bun has one thread once it is idle, and owes nothing when it is forked: a collection of garbage that is due, a
 * timer that is overdue, or memory that another thread of its allocator would give back.
 */
export const ORIGIN_OPTIONS = 'BUN_JSC_useConcurrentGC=0 BUN_JSC_useWarmUpMarkedBlocks=0 BUN_JSC_numberOfGCMarkers=1 MIMALLOC_SCAVENGER=0 BUN_GC_TIMER_INTERVAL=2000000000'
/** The variables that a tool finds in its environment. */
export const PROJECT_ROOT_VARIABLE = 'TOOLWARDEN_PROJECT_ROOT'
export const EXEC_ID_VARIABLE = 'TOOLWARDEN_TOOL_EXEC_ID'
