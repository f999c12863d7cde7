//! Writes permissions as flags of `bunPermissions` with normalised absolute paths.

use std::path::Path;

use super::net::{Host, NetRule, NetScope};
use super::paths;
use super::scope::{Deny, Permissions, Scope};

impl Permissions {
    /// Flags that mean the same wherever they are read; relative paths are resolved against `base`.
    pub fn to_flags(&self, base: &Path) -> Vec<String> {
        self.to_flags_with(|path| paths::absolute(path, base).to_string_lossy().into_owned())
    }

    /// The flags with each path as a person would write it in this directory; the paths are absolute.
    pub fn to_relative_flags(&self, base: &Path) -> Vec<String> {
        self.to_flags_with(|path| match Path::new(path).strip_prefix(base) {
            Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
            Ok(rest) => format!("./{}", rest.display()),
            Err(_) => path.to_owned(),
        })
    }

    fn to_flags_with(&self, write_path: impl Fn(&str) -> String) -> Vec<String> {
        if self.all {
            return vec!["--allow-all".to_owned()];
        }
        let path = |path: &String| write_path(path);
        // A name without a slash is looked up on PATH; anything else is a path.
        let program = |program: &String| {
            if program.contains('/') {
                path(program)
            } else {
                program.clone()
            }
        };
        let host = |rule: &NetRule| match &rule.host {
            Host::Unix(socket) => format!("unix:{}", path(socket)),
            _ => rule.to_string(),
        };
        let mut flags = Vec::new();
        write_scope(&mut flags, "--allow-read", &self.read, path);
        write_list(&mut flags, "--deny-read", self.deny_read.iter().map(path));
        write_scope(&mut flags, "--allow-write", &self.write, path);
        write_list(&mut flags, "--deny-write", self.deny_write.iter().map(path));
        match &self.net {
            NetScope::None => {}
            NetScope::All => {
                flags.push("--allow-net".to_owned());
                write_list(&mut flags, "--allow-net", self.net_besides.iter().map(host));
            }
            NetScope::Only(rules) => {
                write_list(&mut flags, "--allow-net", rules.iter().map(host));
            }
        }
        write_list(&mut flags, "--deny-net", self.deny_net.iter().map(host));
        write_scope(&mut flags, "--allow-env", &self.env, String::clone);
        match &self.deny_env {
            Deny::None => {}
            Deny::All => flags.push("--deny-env".to_owned()),
            Deny::Only(names) => write_list(&mut flags, "--deny-env", names.iter().cloned()),
        }
        write_scope(&mut flags, "--allow-run", &self.run, program);
        flags
    }
}

fn write_scope(flags: &mut Vec<String>, name: &str, scope: &Scope, entry: impl Fn(&String) -> String) {
    match scope {
        Scope::None => {}
        Scope::All => flags.push(name.to_owned()),
        Scope::Only(entries) => write_list(flags, name, entries.iter().map(entry)),
    }
}

/// One flag for the list, each entry once.
fn write_list(flags: &mut Vec<String>, name: &str, entries: impl Iterator<Item = String>) {
    let mut written: Vec<String> = Vec::new();
    let mut flag: Option<String> = None;
    for entry in entries {
        if written.contains(&entry) {
            continue;
        }
        let escaped = entry.replace(',', ",,");
        match &mut flag {
            // After a separating comma, a comma that belongs to the entry would be read as part of the previous entry.
            Some(flag) if !entry.starts_with(',') => {
                flag.push(',');
                flag.push_str(&escaped);
            }
            flag => flags.extend(flag.replace(format!("{name}={escaped}"))),
        }
        written.push(entry);
    }
    flags.extend(flag);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(given: &[&str]) -> Vec<String> {
        let given: Vec<_> = given.iter().map(|&flag| flag.to_owned()).collect();
        Permissions::from_bun_flags(&given)
            .expect("valid")
            .to_flags(Path::new("/base"))
    }

    #[test]
    fn flags_are_normalised() {
        assert_eq!(flags(&[]), [""; 0]);
        assert_eq!(flags(&["-A", "--allow-read=x"]), ["--allow-all"]);
        assert_eq!(
            flags(&[
                "--allow-run=git,./bin/x,git",
                "-N=B.example:80,[::ffff:1.2.3.4]",
                "-E",
                "--deny-env=X",
                "-R=.,./a,a,/x/../y",
                "--deny-write=z",
                "--deny-net=c",
            ]),
            [
                "--allow-read=/base,/base/a,/y",
                "--deny-write=/base/z",
                "--allow-net=b.example:80,1.2.3.4",
                "--deny-net=c",
                "--allow-env",
                "--deny-env=X",
                "--allow-run=git,/base/bin/x",
            ]
        );
    }

    #[test]
    fn entries_that_the_whole_network_does_not_include_are_kept_beside_it() {
        assert_eq!(
            flags(&["-N", "-N=a.example,unix:run/x,,y.sock,10.0.0.1,169.254.169.254:80"]),
            ["--allow-net", "--allow-net=unix:/base/run/x,,y.sock,169.254.169.254:80"]
        );
        assert_eq!(flags(&["-N=unix:x"]), ["--allow-net=unix:/base/x"]);
    }

    #[test]
    fn paths_in_the_directory_are_written_relative_to_it() {
        let permissions = Permissions::from_bun_flags(
            &[
                "-R=/base,/base/data,/baseline,/etc/a,,b",
                "--allow-run=/base/bin/x,git",
                "-N=unix:/base/s",
            ]
            .map(str::to_owned),
        );
        assert_eq!(
            permissions.expect("valid").to_relative_flags(Path::new("/base")),
            [
                "--allow-read=.,./data,/baseline,/etc/a,,b",
                "--allow-net=unix:./s",
                "--allow-run=./bin/x,git"
            ]
        );
    }

    #[test]
    fn commas_in_names_are_written_twice() {
        assert_eq!(flags(&["-R=a,,b,c,,"]), ["--allow-read=/base/a,,b,/base/c,,"]);
        assert_eq!(
            flags(&["--allow-run=x", "--allow-run=,,y,z"]),
            ["--allow-run=x", "--allow-run=,,y,z"]
        );
    }
}
