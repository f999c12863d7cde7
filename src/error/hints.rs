//! What to do about a failure. Kept apart from the messages, so that the same advice reads the same everywhere.
//! What the host's JavaScript gives as well is in `js/hints.js`, of which build.rs makes constants.

use std::path::Path;

include!(concat!(env!("OUT_DIR"), "/hints.rs"));

/// The entrypoint file is not there.
pub const ENTRYPOINT_NOT_FOUND: &str =
    "create the file, or set `entrypointPath` to one that exists, relative to the working directory or absolute";
/// The entrypoint is something other than a file.
pub const ENTRYPOINT_NOT_A_FILE: &str =
    "set `entrypointPath` to a JavaScript or TypeScript file, such as \"src/tools.ts\"";
/// The working directory is not usable.
pub const WORKING_DIR: &str = "pass the path of your project's root directory";
/// The runtime takes a character of the path for something else.
pub const NOT_IMPORTABLE: &str =
    "rename the directory or the file; the real path counts, so a link to it does not help";
/// Nothing can be created in the working directory.
pub const WORKING_DIR_READ_ONLY: &str = "pass a workingDir in which this process may create files, or name a directory of its own in XDG_RUNTIME_DIR or TMPDIR (in a container: `--tmpfs /tmp`)";
/// There is no room in the working directory.
pub const WORKING_DIR_FULL: &str =
    "free space on the file system of workingDir, or raise the quota or file size limit (`ulimit -f`) of this process";
/// The worker file cannot be written, or its directory cannot be used, while a manager is open.
pub const WORKER_FILE: &str = "make sure that `.toolwarden` in workingDir belongs to this user and nobody else can write to it, then make a new Manager";
/// The runtime type is none of ours.
pub const RUNTIME_UNSUPPORTED: &str = "set `runtimeType` to \"bun\" or \"node\"";
/// `processStart: 'fork'` where processes cannot be forked.
pub const NOT_FORKED: &str =
    "set `processStart` to \"auto\" to have such processes started anew, or remove the reason: docs/process-start.md";
/// The tool id breaks a rule.
pub const TOOL_ID: &str = "use letters, digits, \"_\", \"-\", \".\" and \"/\", such as \"category/tool-name\"";
/// A variable's name breaks a rule.
pub const ENV_NAME: &str = "use upper-case letters, digits and underscores, such as \"API_TOKEN\"";
/// A variable that decides what code runs.
pub const ENV_REFUSED: &str = "pass it to the tool under another name, or in its input";
/// A variable's value breaks a rule.
pub const ENV_VALUE: &str = "encode the value, for example as base64, or pass it in the tool's input";
/// A variable's value is no text.
pub const ENV_TYPE: &str = "the environment holds text only: pass `String(value)`";
/// Node does not know an option, or not its value.
pub const NODE_OPTION: &str =
    "remove the option that this Node does not accept from `nodeOptions`: the error's `stderr` names it";
/// A process that is of another version of toolwarden.
pub const OTHER_PROTOCOL: &str = "check that `runtimePath` is Bun or Node itself and runs the worker file that it is given; if so, reinstall toolwarden, so that all its files have the same version";
/// A process that ended well before it was ready.
pub const ENDED_EARLY: &str = "check that `runtimePath` is a Bun or Node executable, and that the entrypoint does not end the process when it is imported";
/// A timeout that is none.
pub const TIMEOUT: &str = "pass milliseconds as a number greater than 0, or text such as \"30s\" or \"1m30s\"";
/// The input does not match the schema.
pub const INPUT_ISSUES: &str = "the error's `issues` say what does not fit the tool's `inputSchema`";
/// The result does not match the schema.
pub const OUTPUT_ISSUES: &str =
    "let the tool return what its `outputSchema` describes; the error's `issues` say what does not fit";
/// The result is no JSON.
pub const OUTPUT_NOT_JSON: &str = "let the tool return what JSON can carry: no cycles, no bigint, and at most 1,000 arrays and objects inside of each other";
/// The entrypoint exports no tool at all.
pub const NO_TOOLS: &str =
    "export a function from the entrypoint, or set `entrypointPath` to the file that exports the tools";
/// The result passes `maxOutputSize`.
pub const OUTPUT_TOO_LARGE: &str =
    "return less, write the data to a file and return its path, or raise `maxOutputSize`";
/// The tool took too long.
pub const TOOL_TIMEOUT: &str = "raise `toolExecutionTimeout` or the call's `timeout`, or let the tool do less per call";
/// A thread of the manager panicked.
pub const BROKE_DOWN: &str = "this is a fault of toolwarden: please report it, with what was printed to stderr";
/// A tool closed the channel.
pub const CHANNEL_CLOSED: &str = "file descriptor 3 belongs to toolwarden; a tool must not close it";
/// A tool wrote to the channel.
pub const CHANNEL_WRITTEN: &str = "file descriptor 3 belongs to toolwarden; a tool must not write to it";
/// Too many processes.
pub const FEWER_PROGRAMS: &str = "let the tool start fewer programs at once";
/// Too many threads.
pub const FEWER_THREADS: &str = "let the tool start fewer threads and programs at once";
/// Too many descriptors are watched.
pub const FEWER_WATCHES: &str = "let the tool open fewer epoll descriptors";
/// Too many inotify descriptors.
pub const FEWER_NOTIFIERS: &str = "let the tool watch its files through one watcher";
/// Too many bytes in the temporary directory.
pub const FEWER_TEMPORARY_BYTES: &str = "let the tool remove what it no longer needs, write to a directory that --allow-write names, or raise `maxMemoryMb`, which bounds temporary files too";
/// Too many files in the temporary directory.
pub const FEWER_TEMPORARY_FILES: &str =
    "let the tool remove what it no longer needs, or write to a directory that --allow-write names";
/// Another call ended the process that this call was in.
pub const CALLS_APART: &str = "set `concurrentCallsPerWorker` to 1 or `isolation` to \"call\" to keep calls apart, or retry with `retry: { on: [\"crash\"] }`";
/// The tool ended its process with an exit code.
pub const TOOL_EXITED: &str = "return a value or throw an error instead of calling process.exit()";
/// A signal that stands for a fault ended the process.
pub const CRASHED: &str =
    "the runtime or native code in it crashed: read the error's `stderr`, or retry with `retry: { on: [\"crash\"] }`";
/// SIGKILL ended the process, and nobody here sent it.
pub const KILLED: &str = "the tool killed itself, or the system did, which kills what uses too much memory: retry with `retry: { on: [\"crash\"] }`";
/// Another signal ended the process.
pub const SIGNALLED: &str =
    "the tool or another process of its user sent the signal; retry with `retry: { on: [\"crash\"] }`";
/// What was started does not speak the protocol.
pub const NOT_A_RUNTIME: &str = "check that `runtimePath` is a Bun or Node executable";
/// The process was not ready in time.
pub const SLOW_START: &str = "look for work at the top level of the entrypoint that does not end";
/// No process came up.
pub const WORKER_START: &str = "read the error\'s `stderr`; check that `runtimePath` runs by itself, and that the system has processes and memory to spare";
/// The list of tools passes what a frame may have.
pub const CATALOGUE_TOO_LARGE: &str = "shorten the descriptions and schemas of the largest tools, or divide the tools among several entrypoints, each with a manager of its own";
/// The entrypoint threw while it was imported.
pub const ENTRYPOINT_LOAD: &str = "run the entrypoint by itself, with `bun` or `node`, to see the same error";
/// A call asks for more than its tool may do.
pub const ONLY_NARROWS: &str =
    "the `permissions` of a call can only narrow what its tool may do: leave the flag out, or allow it for the tool";
/// As many calls wait as may.
pub const QUEUE_FULL: &str = "wait for the manager's 'drain' event, or raise `maxQueue` or `maxWorkers`";
/// The result passes what a string of the host may have.
pub const RESULT_TOO_LONG: &str = "let the tool write a file and return its path";
/// A host's name, and a runtime whose C library is musl.
pub const NAMES_OF_MUSL: &str = "this runtime is linked against musl, which cannot resolve names under a list of hosts: list the address, use --allow-net without a list, or run on a system with glibc";
/// The kernel cannot hold a list of programs.
pub const NO_PROGRAM_LISTS: &str = "leave --allow-run out, or use a newer kernel";
/// Another seccomp listener is installed already.
pub const NO_HOST_LISTS: &str =
    "allow all of the network or none of it, or run outside the sandbox that already listens";
/// A container keeps the supervisor from reading what a worker calls.
pub const MAY_NOT_READ_CALLS: &str = "allow process_vm_readv in the container's seccomp profile, or give the container the capability SYS_PTRACE (`docker run --cap-add SYS_PTRACE`); kernel.yama.ptrace_scope must be 0 or 1";
/// A container keeps the supervisor from reaching a worker's sockets.
pub const MAY_NOT_HAVE_SOCKETS: &str = "allow pidfd_open and pidfd_getfd in the container's seccomp profile, or give the container the capability SYS_PTRACE (`docker run --cap-add SYS_PTRACE`)";
/// A command names a program by a path that leads nowhere.
pub const PROGRAM_PATH: &str = "check the path, which is relative to the current directory";
/// A command names a program that is not on PATH.
pub const PROGRAM_NAME: &str = "install it, or name it by its path, such as ./node_modules/.bin/NAME";
/// A command names something that nobody can execute.
pub const PROGRAM_NOT_EXECUTABLE: &str =
    "name a program, or a script that begins with #! and has its executable bit set";
/// A wrapped program used too much memory.
pub const WRAPPED_MEMORY: &str = "raise --max-memory, in MiB";
/// A wrapped program ran too long.
pub const WRAPPED_TIMEOUT: &str = "raise --timeout, or leave it out";
/// The kernel cannot hold the sandbox.
pub const SANDBOX_UNAVAILABLE: &str =
    "run on such a kernel, or set sandbox: \"off\" and isolate the host in another way";
/// The system is not Linux, so no sandbox can be made.
pub const NO_SANDBOX_HERE: &str = "for development set sandbox: \"off\" (or TOOLWARDEN_SANDBOX=off), which lets tools do whatever this user may; for a sandbox run the host in a Linux container or virtual machine";
/// What a flag names is another file by now.
pub const REPLACED: &str = "what the flag for it names was replaced since the manager was made, and permissions are about what was there then: make a new manager, or let the tool empty a directory and rewrite a file in place of making new ones";
/// A path reads as something else in a list of flags.
pub const MISLEADING_PATH: &str =
    "its path has control characters in it or what looks like a flag, so that no flag is named; rename it first";
/// Its flag would have to name `/` or the home directory.
pub const TOO_WIDE: &str = "a flag that allows it would open `/` or the home directory with it; let the tool work in a directory of its own, and allow that one";
/// The host's own cgroup had no more memory.
pub const HOST_MEMORY: &str = "give the container or service more memory, or set `maxMemoryMb` times `maxWorkers` below what it has, so that a tool meets its own limit first";
/// There was no more memory, and no limit of ours.
pub const IN_PIECES: &str = "let the tool process its data in pieces";
/// The project's packages are where only yarn finds them.
pub const NODE_MODULES: &str = "set `nodeLinker: node-modules` (or pnpm) in .yarnrc.yml and install again: tools do not find packages by yarn's Plug'n'Play";
/// No Bun was found.
pub const INSTALL_BUN: &str = "install Bun with `npm install bun` or as https://bun.sh describes, or set `runtimePath`";
/// No Node was found.
pub const INSTALL_NODE: &str = "install Node.js from https://nodejs.org or set `runtimePath`";
/// `runtimePath` is no runtime.
pub const SET_RUNTIME_PATH: &str = "set `runtimePath` to the runtime's executable, relative to the working directory or absolute, or leave it out to have it found";

/// The file system gives new files to another user.
pub const OWNERS_NOT_KEPT: &str =
    "use a workingDir on a file system that keeps owners; network file systems map root to another user (root_squash)";
/// The files that an error names did not answer.
pub const NOT_LOOKED_AT: &str =
    "the files that it names could not be looked at in time, so it is not known whether the sandbox refused them";

/// Something that is no directory has the name of one.
pub fn remove(path: &Path) -> String {
    format!("remove {}", path.display())
}

/// A directory belongs to another user.
pub fn of_another_user(path: &Path, owner: u32) -> String {
    let shown = path.display();
    format!(
        "remove it when no manager of user {owner} is open (rm -r {shown}), run as user {owner}, or give another workingDir"
    )
}

/// Other users may write to a directory.
pub fn written_by_others(path: &Path) -> String {
    let shown = path.display();
    format!("remove it (rm -r {shown}), or look at what is in it and run chmod go-w {shown}")
}

/// A name that comes close to one that there is.
pub fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// The tool used more memory than it may; `limit` in MiB.
pub fn out_of_memory(limit: u64) -> String {
    format!("raise `maxMemoryMb` (now {limit}), or {IN_PIECES}")
}

/// An access that a flag allows; `option`: the setting that the flag belongs to.
pub fn add_flag(flag: &str, option: &str) -> String {
    format!("to allow it, add {flag} to `{option}`")
}

/// The same for a host of which the port that was wanted is not known.
pub fn add_flag_of_name(flag: &str, option: &str, name: &str) -> String {
    format!(
        "{}; `{name}:PORT` in its place allows one port alone",
        add_flag(flag, option)
    )
}

/// An access that no flag allows.
pub fn no_flag(why: &str) -> String {
    format!("no list of paths allows it: {why}; let the tool do without, or pass what it needs in its input")
}

/// An import of a package that is not installed.
pub fn install_package(package: &str) -> String {
    format!("install it in the entrypoint's project: npm install {package}")
}

/// Node cannot run the entrypoint as it is; `way_out` ends with a comma.
pub fn other_entrypoint(way_out: &str) -> String {
    format!("{way_out} write the entrypoint as JavaScript (.mjs), or set `runtimeType` to \"bun\"")
}
