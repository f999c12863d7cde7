//! Any command line as the kernel is asked to execute it: the program that a script's first line leads to is executed
//! at once, so that starting a script needs no right to start a second program.

use std::path::{Path, PathBuf};

use super::{Files, Kind};

/// A script's interpreter may be a script; the kernel follows five of them.
const MAX_INTERPRETERS: usize = 5;
/// Runtimes that import a script's package.
const JAVASCRIPT: [&str; 4] = ["bun", "deno", "node", "nodejs"];

/// A command whose program was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The real path of a program that is no script.
    pub binary: PathBuf,
    /// The name that the program is called by, and its arguments.
    pub words: Vec<String>,
    /// Scripts that lead to the program, which reads them.
    pub scripts: Vec<PathBuf>,
    /// The real path of what a JavaScript runtime is to run.
    pub entrypoint: Option<PathBuf>,
}

/// Why there is no program to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoProgram {
    /// Nothing has this name.
    NotFound(String),
    /// There is something, which nobody can execute.
    NotExecutable(String),
}

impl Command {
    /// `words`: the program's name and its arguments; names are looked up in `path_var`.
    pub fn find(files: &dyn Files, words: &[String], working_dir: &Path, path_var: &str) -> Result<Self, NoProgram> {
        let mut words = words.to_vec();
        let mut scripts = Vec::new();
        for _ in 0..=MAX_INTERPRETERS {
            let name = words.first().cloned().unwrap_or_default();
            let found = find(files, &name, working_dir, path_var)?;
            let Some(line) = files.interpreter_line(&found) else {
                let binary = files.real(&found).map_err(|_| NoProgram::NotFound(name))?;
                let entrypoint = is_javascript(&binary)
                    .then(|| entrypoint(files, &words[1..], working_dir))
                    .flatten();
                return Ok(Self {
                    binary,
                    words,
                    scripts,
                    entrypoint,
                });
            };
            scripts.extend(files.real(&found));
            words[0] = found.to_string_lossy().into_owned();
            let mut before = interpreter(&line);
            before.append(&mut words);
            words = before;
        }
        Err(NoProgram::NotExecutable(words.swap_remove(0)))
    }

    /// Whether the program is a runtime of JavaScript.
    pub fn is_javascript(&self) -> bool {
        is_javascript(&self.binary)
    }
}

/// The path at which a program was found, which may be a link.
fn find(files: &dyn Files, name: &str, working_dir: &Path, path_var: &str) -> Result<PathBuf, NoProgram> {
    if name.contains('/') {
        let path = working_dir.join(name);
        return match (files.executable(&path), files.real(&path)) {
            (true, _) => Ok(path),
            (false, Ok(_)) => Err(NoProgram::NotExecutable(name.to_owned())),
            (false, Err(_)) => Err(NoProgram::NotFound(name.to_owned())),
        };
    }
    let directories = path_var
        .split(':')
        .map(Path::new)
        .filter(|directory| directory.is_absolute());
    directories
        .map(|directory| directory.join(name))
        .find(|path| files.executable(path))
        .filter(|_| !name.is_empty())
        .ok_or_else(|| NoProgram::NotFound(name.to_owned()))
}

/// The words of a script's first line that come before the script itself. The kernel takes what follows the
/// interpreter as one argument; `env` looks its first one up, or with -S each of several.
fn interpreter(line: &str) -> Vec<String> {
    let line = line.trim();
    let (program, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let rest = rest.trim();
    if !program.ends_with("/env") {
        let argument = (!rest.is_empty()).then(|| rest.to_owned());
        return std::iter::once(program.to_owned()).chain(argument).collect();
    }
    let rest = rest
        .strip_prefix("-S")
        .or_else(|| rest.strip_prefix("--split-string="))
        .unwrap_or(rest);
    let words: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
    match words.first() {
        // It sets variables or has other options: only `env` itself does what it says.
        Some(first) if first.starts_with('-') || first.contains('=') => {
            [program.to_owned(), line[program.len()..].trim().to_owned()].into()
        }
        _ => words,
    }
}

fn is_javascript(binary: &Path) -> bool {
    let stem = binary.file_name().and_then(|name| name.to_str()?.split('.').next());
    stem.is_some_and(|stem| JAVASCRIPT.contains(&stem))
}

/// The first argument that is a file. A directory stands for the package in it.
fn entrypoint(files: &dyn Files, arguments: &[String], working_dir: &Path) -> Option<PathBuf> {
    let named = arguments.iter().filter(|argument| !argument.starts_with('-'));
    let mut found = named.filter_map(|argument| files.real(&working_dir.join(argument)).ok());
    found.find_map(|real| match files.kind(&real) {
        Some(Kind::File) => Some(real),
        Some(Kind::Directory) => files.real(&real.join("package.json")).ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::fake::Fake;
    use super::*;

    fn machine() -> Fake {
        Fake::default()
            .program("/usr/bin/node", "/lib64/ld.so", &[])
            .program("/usr/bin/env", "/lib64/ld.so", &[])
            .program("/usr/bin/dash", "/lib64/ld.so", &[])
            .link("/bin/sh", "/usr/bin/dash")
            .script("/work/node_modules/server/dist/index.js", "/usr/bin/env node")
            .link("/work/node_modules/.bin/server", "../server/dist/index.js")
            .file("/work/node_modules/server/package.json")
            .script("/work/split", "/usr/bin/env -S node --no-warnings")
            .script("/work/sets", "/usr/bin/env A=1 node")
            .script("/work/shell", "/bin/sh -e -u")
            .script("/work/loop", "/work/loop")
            .file("/work/plain.txt")
            .file("/work/main.mjs")
    }

    fn found(words: &[&str]) -> Result<Command, NoProgram> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Command::find(&machine(), &words, Path::new("/work"), "/usr/bin:/bin")
    }

    fn words(command: &Command) -> Vec<&str> {
        command.words.iter().map(String::as_str).collect()
    }

    #[test]
    fn a_script_starts_its_interpreter_with_itself() {
        let command = found(&["./node_modules/.bin/server", "--port", "1"]).expect("found");
        assert_eq!(command.binary, Path::new("/usr/bin/node"));
        assert_eq!(
            words(&command),
            ["node", "/work/./node_modules/.bin/server", "--port", "1"]
        );
        let real = Path::new("/work/node_modules/server/dist/index.js");
        assert_eq!(
            (command.scripts.as_slice(), command.entrypoint.as_deref()),
            ([real.to_owned()].as_slice(), Some(real))
        );
    }

    #[test]
    fn what_follows_an_interpreter_is_one_argument_but_for_env() {
        let shell = found(&["./shell", "x"]).expect("found");
        assert_eq!(shell.binary, Path::new("/usr/bin/dash"));
        assert_eq!(words(&shell), ["/bin/sh", "-e -u", "/work/./shell", "x"]);
        assert_eq!(shell.entrypoint, None);
        assert_eq!(
            words(&found(&["./split"]).expect("found")),
            ["node", "--no-warnings", "/work/./split"]
        );
        let sets = found(&["./sets"]).expect("found");
        assert_eq!(words(&sets), ["/usr/bin/env", "A=1 node", "/work/./sets"]);
    }

    #[test]
    fn a_program_keeps_the_name_it_is_called_by() {
        let shell = found(&["sh", "-c", "true"]).expect("found");
        assert_eq!(
            (shell.binary.as_path(), words(&shell)),
            (Path::new("/usr/bin/dash"), vec!["sh", "-c", "true"])
        );
        let node = found(&["node", "--no-warnings", "main.mjs"]).expect("found");
        assert_eq!(node.entrypoint.as_deref(), Some(Path::new("/work/main.mjs")));
        let package = found(&["node", "node_modules/server"]).expect("found");
        assert_eq!(
            package.entrypoint.as_deref(),
            Some(Path::new("/work/node_modules/server/package.json"))
        );
    }

    #[test]
    fn what_cannot_be_started_is_named() {
        let not_found = |name: &str| Err(NoProgram::NotFound(name.to_owned()));
        assert_eq!(found(&["nothing"]), not_found("nothing"));
        assert_eq!(found(&["./nothing"]), not_found("./nothing"));
        assert_eq!(found(&[""]), not_found(""));
        assert_eq!(found(&[]), not_found(""));
        assert_eq!(
            found(&["./plain.txt"]),
            Err(NoProgram::NotExecutable("./plain.txt".to_owned()))
        );
        assert!(matches!(found(&["./loop"]), Err(NoProgram::NotExecutable(_))));
    }
}
