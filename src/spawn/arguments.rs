//! The command line of each runtime: the switches that keep it from running or fetching anything by itself.

use std::ffi::OsString;
use std::path::Path;

/// No `.env` of the current directory, no `bunfig.toml` (whose `preload` would run), no package fetched from a registry.
/// Bun takes switches for itself only before the file.
const BUN_SWITCHES: [&str; 3] = ["--no-env-file", "--config=/dev/null", "--no-install"];

/// What follows `bun`. `worker` must be absolute, so that it is not taken for a command or a package script.
pub fn bun_arguments(worker: &Path) -> Vec<OsString> {
    BUN_SWITCHES.iter().map(OsString::from).chain([worker.into()]).collect()
}

/// What follows `bun` where the program is text.
pub fn bundler_arguments(script: &str) -> Vec<OsString> {
    let program = ["-e", script].map(OsString::from);
    BUN_SWITCHES.iter().map(OsString::from).chain(program).collect()
}

/// What follows `bun` where the program is text and has Bun load code that must not run.
pub fn transpiler_arguments(script: &str) -> Vec<OsString> {
    let program = ["--no-macros", "--no-addons", "-e", script].map(OsString::from);
    BUN_SWITCHES.iter().map(OsString::from).chain(program).collect()
}

/// What follows `node`: the user's options, none of which is a permission flag, then the file.
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
