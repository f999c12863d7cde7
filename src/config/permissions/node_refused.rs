//! Options of Node that would bypass the worker or the purpose of the sandbox.

/// Why an option is rejected, and when.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No worker could run with it.
    Always(String),
    /// It executes or exposes something that is acceptable only without a sandbox.
    InSandbox(String),
}

/// They make Node do something else instead of running the worker.
const INSTEAD: [&str; 29] = [
    "-e",
    "--eval",
    "-p",
    "--print",
    "-pe",
    "-c",
    "--check",
    "-i",
    "--interactive",
    "-h",
    "--help",
    "-v",
    "--version",
    "--run",
    "--test",
    "--test-only",
    "--watch",
    "--watch-path",
    "--watch-preserve-output",
    "--watch-kill-signal",
    "--entry-url",
    "--build-snapshot",
    "--build-snapshot-config",
    "--build-sea",
    "--experimental-sea-config",
    "--prof-process",
    "--v8-options",
    "--completion-bash",
    "-s",
];

/// They load code or settings from elsewhere.
const LOADS: [&str; 12] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "--env-file",
    "--env-file-if-exists",
    "--experimental-config-file",
    "--experimental-default-config-file",
    "--snapshot-blob",
    "--openssl-config",
    "--openssl-shared-config",
];

/// They open a port for a debugger, as does everything that begins with `--inspect` or `--debug`.
const OPENS: [&str; 2] = ["--allow-inspector", "--experimental-worker-inspection"];

/// The objection to an option. `text` is the option as given, `name` the part before `=`, spelled with dashes.
pub(super) fn refusal(text: &str, name: &str) -> Option<Refusal> {
    let shown = text.escape_debug();
    if text.contains('\0') {
        return Some(Refusal::Always(format!("`{shown}` contains a NUL character")));
    }
    if !text.starts_with('-') {
        return Some(Refusal::Always(format!(
            "`{shown}` does not begin with `-`: Node would run it instead of the worker; write an option and its value as one entry, `--option=value`"
        )));
    }
    if name == "-" || name == "--" {
        return Some(Refusal::Always(format!(
            "`{shown}` would end the options before the worker's own"
        )));
    }
    if INSTEAD.contains(&name) || name.starts_with("--test-") || name.starts_with("--experimental-test-") {
        return Some(Refusal::Always(format!(
            "`{shown}` makes Node do something else instead of the worker"
        )));
    }
    if LOADS.contains(&name) {
        return Some(Refusal::InSandbox(format!(
            "`{shown}` loads code or settings beside the entrypoint; import them in the entrypoint, or set `sandbox` to \"off\""
        )));
    }
    if OPENS.contains(&name) || name.starts_with("--inspect") || name.starts_with("--debug") {
        return Some(Refusal::InSandbox(format!(
            "`{shown}` opens a port for a debugger; set `sandbox` to \"off\" to debug a tool"
        )));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Refusal> {
        refusal(text, &text.split('=').next().unwrap_or_default().replace('_', "-"))
    }

    #[test]
    fn options_that_replace_the_worker_are_always_refused() {
        for text in [
            "-e",
            "--eval=1",
            "-p",
            "--test",
            "--test-reporter=tap",
            "--watch",
            "--run=x",
            "--",
            "-",
            "x.js",
            "",
            "--a\0",
        ] {
            assert!(matches!(of(text), Some(Refusal::Always(_))), "{text}");
        }
    }

    #[test]
    fn options_that_load_or_open_files_are_refused_in_a_sandbox() {
        let texts = [
            "-r",
            "--require=x",
            "--import=x",
            "--loader=x",
            "--experimental-loader=x",
            "--experimental_loader=x",
            "--env-file=x",
            "--inspect",
            "--inspect-brk=0",
            "--inspect_brk",
            "--inspect-port=0",
            "--debug-port=1",
            "--allow-inspector",
        ];
        for text in texts {
            assert!(matches!(of(text), Some(Refusal::InSandbox(_))), "{text}");
        }
    }

    #[test]
    fn the_rest_is_nodes_business() {
        for text in [
            "--no-warnings",
            "--max-old-space-size=64",
            "--conditions=dev",
            "--enable-source-maps",
            "--stack-trace-limit=5",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
