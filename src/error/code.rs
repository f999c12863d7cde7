//! The list of error codes. They are part of the public contract and are never renamed or removed.

/// The JavaScript class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `ConfigError`: found while the manager was constructed.
    Config,
    /// `ValidationError`: an argument of a call.
    Validation,
    /// `ProcessError`: a runtime process could not be found, started or brought to readiness.
    Process,
    /// `ToolExecutionError`: a call failed.
    ToolExecution,
}

/// Declares the enum, its texts and its classes from one table.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:ident;)*) => {
        /// What went wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes, in the order of the contract.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The text of `error.code` in JavaScript.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// The class that this code belongs to.
            pub const fn class(self) -> Class {
                match self { $(Code::$name => Class::$class,)* }
            }
        }
    };
}

codes! {
    /// A setting is wrong; `problems` lists every wrong one.
    ConfigInvalid = "ERR_CONFIG_INVALID", Config;
    /// `runtimeType` is neither "bun" nor "node".
    RuntimeUnsupported = "ERR_RUNTIME_UNSUPPORTED", Config;
    /// No executable of the runtime was found.
    RuntimeNotFound = "ERR_RUNTIME_NOT_FOUND", Process;
    /// The kernel cannot enforce the permissions.
    SandboxUnavailable = "ERR_SANDBOX_UNAVAILABLE", Config;
    /// The entrypoint file does not exist.
    EntrypointNotFound = "ERR_ENTRYPOINT_NOT_FOUND", Config;
    /// The entrypoint threw while it was imported.
    EntrypointLoad = "ERR_ENTRYPOINT_LOAD", Process;
    /// The tool id breaks a rule.
    ToolIdInvalid = "ERR_TOOL_ID_INVALID", Validation;
    /// A variable of the call breaks a rule; no error contains its value.
    EnvInvalid = "ERR_ENV_INVALID", Validation;
    /// The input or an option of the call is invalid.
    InputInvalid = "ERR_INPUT_INVALID", Validation;
    /// The entrypoint exports no such tool.
    ToolNotFound = "ERR_TOOL_NOT_FOUND", ToolExecution;
    /// The tool threw.
    ToolThrew = "ERR_TOOL_THREW", ToolExecution;
    /// The sandbox refused something the tool needed.
    AccessDenied = "ERR_ACCESS_DENIED", ToolExecution;
    /// The tool took too long.
    ToolTimeout = "ERR_TOOL_TIMEOUT", ToolExecution;
    /// The caller cancelled.
    Aborted = "ABORT_ERR", ToolExecution;
    /// The process ended without an answer.
    ToolExited = "ERR_TOOL_EXITED", ToolExecution;
    /// The process was ended by a signal.
    ToolKilled = "ERR_TOOL_KILLED", ToolExecution;
    /// The process used more memory than allowed.
    ToolOutOfMemory = "ERR_TOOL_OUT_OF_MEMORY", ToolExecution;
    /// The result is larger than `maxOutputSize`.
    OutputTooLarge = "ERR_OUTPUT_TOO_LARGE", ToolExecution;
    /// The result cannot be carried as JSON or does not match its schema.
    OutputInvalid = "ERR_OUTPUT_INVALID", ToolExecution;
    /// No worker could be started, after the retries.
    WorkerStart = "ERR_WORKER_START", Process;
    /// The queue is full.
    QueueFull = "ERR_QUEUE_FULL", ToolExecution;
    /// The manager is closed.
    ManagerClosed = "ERR_MANAGER_CLOSED", ToolExecution;
}

#[cfg(test)]
mod tests {
    use super::{Class, Code};

    /// The contract, written a second time on purpose: a change of a code must be made here too.
    const CONTRACT: [(&str, Class); 22] = [
        ("ERR_CONFIG_INVALID", Class::Config),
        ("ERR_RUNTIME_UNSUPPORTED", Class::Config),
        ("ERR_RUNTIME_NOT_FOUND", Class::Process),
        ("ERR_SANDBOX_UNAVAILABLE", Class::Config),
        ("ERR_ENTRYPOINT_NOT_FOUND", Class::Config),
        ("ERR_ENTRYPOINT_LOAD", Class::Process),
        ("ERR_TOOL_ID_INVALID", Class::Validation),
        ("ERR_ENV_INVALID", Class::Validation),
        ("ERR_INPUT_INVALID", Class::Validation),
        ("ERR_TOOL_NOT_FOUND", Class::ToolExecution),
        ("ERR_TOOL_THREW", Class::ToolExecution),
        ("ERR_ACCESS_DENIED", Class::ToolExecution),
        ("ERR_TOOL_TIMEOUT", Class::ToolExecution),
        ("ABORT_ERR", Class::ToolExecution),
        ("ERR_TOOL_EXITED", Class::ToolExecution),
        ("ERR_TOOL_KILLED", Class::ToolExecution),
        ("ERR_TOOL_OUT_OF_MEMORY", Class::ToolExecution),
        ("ERR_OUTPUT_TOO_LARGE", Class::ToolExecution),
        ("ERR_OUTPUT_INVALID", Class::ToolExecution),
        ("ERR_WORKER_START", Class::Process),
        ("ERR_QUEUE_FULL", Class::ToolExecution),
        ("ERR_MANAGER_CLOSED", Class::ToolExecution),
    ];

    #[test]
    fn the_codes_and_their_classes_are_those_of_the_contract() {
        let have: Vec<_> = Code::ALL.iter().map(|code| (code.as_str(), code.class())).collect();
        assert_eq!(have, CONTRACT);
    }

    #[test]
    fn the_public_contract_lists_the_same_codes() {
        let contract = include_str!("../../index.d.ts");
        let union = contract
            .split("export type ErrorCode =")
            .nth(1)
            .expect("the union of codes");
        let union = union.split("\n\n").next().expect("its end");
        let listed: Vec<_> = union
            .lines()
            .filter_map(|line| line.trim().strip_prefix("| '")?.split('\'').next())
            .collect();
        let have: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(listed, have);
    }
}
