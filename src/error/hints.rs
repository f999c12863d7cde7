//! What to do about a failure. Kept apart from the messages, so that the same advice reads the same everywhere.

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
/// The working directory was given as a URL.
pub const WORKING_DIR_URL: &str = "pass a path: `import.meta.dirname`, or `fileURLToPath(url)` of \"node:url\"";
/// Nothing can be created in the working directory.
pub const WORKING_DIR_READ_ONLY: &str = "pass a workingDir in which this process may create files";
/// There is no room in the working directory.
pub const WORKING_DIR_FULL: &str =
    "free space on the file system of workingDir, or raise the quota or file size limit (`ulimit -f`) of this process";
/// The worker file cannot be written, or its directory cannot be used, while a manager is open.
pub const WORKER_FILE: &str = "make sure that `.toolwarden` in workingDir belongs to this user and nobody else can write to it, then make a new Manager";
/// The runtime type is none of ours.
pub const RUNTIME_UNSUPPORTED: &str = "set `runtimeType` to \"bun\" or \"node\"";
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
/// Called after close().
pub const MANAGER_CLOSED: &str = "make a new Manager; a closed one cannot be opened again";
/// Node does not know an option, or not its value.
pub const NODE_OPTION: &str =
    "remove the option that this Node does not accept from `nodeOptions`: the error's `stderr` names it";
/// A process that is of another version of toolwarden.
pub const OTHER_PROTOCOL: &str = "check that `runtimePath` is Bun or Node itself and runs the worker file that it is given; if so, reinstall toolwarden, so that all its files have the same version";
/// A process that ended well before it was ready.
pub const ENDED_EARLY: &str = "check that `runtimePath` is a Bun or Node executable, and that the entrypoint does not end the process when it is imported";
/// A timeout that is none.
pub const TIMEOUT: &str = "pass milliseconds as a number greater than 0, or text such as \"30s\" or \"1m30s\"";
