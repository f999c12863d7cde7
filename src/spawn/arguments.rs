//! The command line of each runtime, with the switches that keep the runtime from running or fetching anything on its
//! own.

use std::ffi::OsString;
use std::path::Path;

/// No `.env` of the current directory, no `bunfig.toml` (its `preload` would run), and no package fetched from a
/// registry. Bun reads its own switches only before the file.
const BUN_SWITCHES: [&str; 3] = ["--no-env-file", "--config=/dev/null", "--no-install"];

/// Bun's arguments. `worker` must be absolute: a relative path could be taken for a command or a package script.
pub fn bun_arguments(worker: &Path) -> Vec<OsString> {
    BUN_SWITCHES.iter().map(OsString::from).chain([worker.into()]).collect()
}

/// Bun's arguments for a program that is passed as text.
pub fn bundler_arguments(script: &str) -> Vec<OsString> {
    let program = ["-e", script].map(OsString::from);
    BUN_SWITCHES.iter().map(OsString::from).chain(program).collect()
}

/// Bun's arguments for a program that is passed as text and loads code that must not run.
pub fn transpiler_arguments(script: &str) -> Vec<OsString> {
    let program = ["--no-macros", "--no-addons", "-e", script].map(OsString::from);
    BUN_SWITCHES.iter().map(OsString::from).chain(program).collect()
}

/// Node's arguments: the user's options, which contain no permission flag, then the file.
pub fn node_arguments(options: &[String], worker: &Path) -> Vec<OsString> {
    options.iter().map(OsString::from).chain([worker.into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_comes_last() {
        let file = Path::new("/p/w.mjs");
        assert_eq!(
            bun_arguments(file),
            ["--no-env-file", "--config=/dev/null", "--no-install", "/p/w.mjs"]
        );
        assert_eq!(
            node_arguments(&["--stack-size=2000".to_owned()], file),
            ["--stack-size=2000", "/p/w.mjs"]
        );
    }
}
