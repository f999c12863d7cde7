//! `nodeOptions`: Node's command-line options. Permission flags are removed and enforced by the sandbox, whether or not
//! this Node knows them; the other options are passed to Node.
//!
//! `--allow-worker`, `--allow-addons` and `--allow-wasi` are accepted and change nothing: threads, native code and WASI
//! run in the same process and under the same kernel rules. `--allow-all` is our addition, so that both lists have it.

use super::bun;
use super::grammar::Flag;
use super::grants::Grants;
use super::node_refused::{Refusal, refusal};
use super::scope::{Permissions, Scope};
use crate::error::Problem;

/// Every permission flag.
const FLAGS: [&str; 11] = [
    "--permission",
    "--experimental-permission",
    "--allow-fs-read",
    "--allow-fs-write",
    "--allow-net",
    "--allow-child-process",
    "--allow-worker",
    "--allow-addons",
    "--allow-wasi",
    "--allow-all",
    "-A",
];

/// The parsed `nodeOptions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOptions {
    /// The permissions that the flags give; reading only when there are no flags.
    pub permissions: Permissions,
    /// The other options, for Node's command line.
    pub rest: Vec<String>,
    /// Options that load code or open a port: they are problems, unless the sandbox is off.
    pub needs_no_sandbox: Vec<Problem>,
}

impl Permissions {
    /// Reads the options, or reports every wrong one.
    pub fn from_node_options(options: &[String]) -> Result<NodeOptions, Vec<Problem>> {
        Self::from_numbered_node_options(options.iter().map(String::as_str).enumerate())
    }

    /// The same for some entries of a list, with their positions in it.
    pub(in crate::config) fn from_numbered_node_options<'a>(
        options: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<NodeOptions, Vec<Problem>> {
        let mut grants = Grants::default();
        let mut any_permission = false;
        let mut rest = Vec::new();
        let mut needs_no_sandbox = Vec::new();
        let mut problems = Vec::new();
        for (index, text) in options {
            let problem = |message: String| Problem::new(format!("nodeOptions[{index}]"), message);
            // Node treats "_" in an option's name as "-".
            let name = Flag::cut(text).name.replace('_', "-");
            let flag = Flag {
                name: &name,
                ..Flag::cut(text)
            };
            if is_permission(&name) {
                any_permission = true;
                if let Err(reason) = read(flag, &mut grants) {
                    problems.push(problem(reason));
                }
                continue;
            }
            match refusal(text, &name) {
                Some(Refusal::Always(reason)) => problems.push(problem(reason)),
                Some(Refusal::InSandbox(reason)) => {
                    needs_no_sandbox.push(problem(reason));
                    rest.push(text.to_owned());
                }
                None => rest.push(text.to_owned()),
            }
        }
        let mut permissions = grants.finish().unwrap_or_else(|reasons| {
            problems.extend(reasons.into_iter().map(|reason| Problem::new("nodeOptions", reason)));
            Permissions::default()
        });
        if !any_permission {
            permissions.read = Scope::All;
        }
        if problems.is_empty() {
            Ok(NodeOptions {
                permissions,
                rest,
                needs_no_sandbox,
            })
        } else {
            problems.extend(needs_no_sandbox);
            Err(problems)
        }
    }
}

/// Whether an option concerns permissions, known or not: those are never passed to Node.
fn is_permission(name: &str) -> bool {
    // `--allow-inspector` opens a port like `--inspect`, and is listed with it.
    let about = [
        "--allow-",
        "--deny-",
        "--ignore-",
        "--permission",
        "--no-permission",
        "--no-allow-",
    ];
    name != "--allow-inspector" && (FLAGS.contains(&name) || about.iter().any(|prefix| name.starts_with(prefix)))
}

fn read(flag: Flag<'_>, grants: &mut Grants) -> Result<(), String> {
    match flag.name {
        "--permission" | "--experimental-permission" | "--allow-worker" | "--allow-addons" | "--allow-wasi" => {
            flag.without_value()?;
        }
        "--allow-fs-read" => grants.read.add(files(flag)?),
        "--allow-fs-write" => grants.write.add(files(flag)?),
        "--allow-net" => grants.net.add(bun::net(flag)?),
        "--allow-child-process" => {
            flag.without_value()?;
            grants.run.add(None);
        }
        "--allow-all" | "-A" => {
            flag.without_value()?;
            grants.all = true;
        }
        _ => return Err(flag.unknown(FLAGS)),
    }
    Ok(())
}

/// The files in a flag's list. `*` is every file; a directory and `directory/*` both mean the directory with everything
/// below it.
fn files(flag: Flag<'_>) -> Result<Option<Vec<String>>, String> {
    let Some(entries) = flag.scope()? else {
        return Err(format!(
            "`{0}` needs a value: `{0}=*` for every file, or paths",
            flag.text
        ));
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = match entry.strip_suffix("/*") {
            _ if entry == "*" => return Ok(None),
            Some("") => "/",
            Some(directory) => directory,
            None => &entry,
        };
        if path.contains('*') {
            return Err(format!(
                "`{}`: `{}` cannot be enforced: `*` may only stand alone or for everything in a directory (`/dir/*`)",
                flag.text.escape_debug(),
                entry.escape_debug()
            ));
        }
        files.push(path.to_owned());
    }
    Ok(Some(files))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::net::NetScope;
    use super::*;

    fn parse(options: &[&str]) -> Result<NodeOptions, Vec<Problem>> {
        Permissions::from_node_options(&options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>())
    }

    fn only(entries: &[&str]) -> Scope {
        Scope::Only(entries.iter().map(|&entry| entry.to_owned()).collect())
    }

    #[test]
    fn without_permission_flags_tools_read_only() {
        for options in [&[][..], &["--no-warnings"], &["--max-old-space-size=64"]] {
            let read = parse(options).expect("valid");
            assert_eq!(
                read.permissions,
                Permissions {
                    read: Scope::All,
                    ..Permissions::default()
                }
            );
            assert_eq!(read.rest, options);
        }
    }

    #[test]
    fn the_bare_switch_allows_nothing() {
        for switch in ["--permission", "--experimental-permission"] {
            let read = parse(&[switch]).expect("valid");
            assert_eq!((read.permissions, read.rest), (Permissions::default(), vec![]));
        }
    }

    #[test]
    fn permission_flags_are_taken_out() {
        let read = parse(&[
            "--permission",
            "--allow-fs-read=/a/*,b",
            "--allow_fs_read=c",
            "--allow-fs-write=/*",
            "--allow-net=example.com:443",
            "--allow-child-process",
            "--allow-worker",
            "--allow-addons",
            "--allow-wasi",
            "--no-warnings",
        ]);
        let read = read.expect("valid");
        assert_eq!(read.permissions.read, only(&["/a", "b", "c"]));
        assert_eq!(read.permissions.write, only(&["/"]));
        assert!(matches!(&read.permissions.net, NetScope::Only(rules) if rules.len() == 1));
        assert_eq!(read.permissions.run, Scope::All);
        assert_eq!(read.rest, ["--no-warnings"]);
        assert_eq!(
            parse(&["--allow-fs-write=*", "--allow-fs-write=/x"]).map(|r| r.permissions.write),
            Ok(Scope::All)
        );
        assert_eq!(parse(&["--allow-net"]).map(|r| r.permissions.net), Ok(NetScope::All));
        assert_eq!(parse(&["-A"]).map(|r| r.permissions.all), Ok(true));
    }

    #[test]
    fn refusals_name_the_option_and_the_reason() {
        let cases = [
            ("--allow-fs-read", "`--allow-fs-read=*` for every file"),
            ("--allow-fs-read=", "empty scope"),
            ("--allow-fs-write=/a,", "empty entry"),
            ("--allow-fs-read=/a*", "cannot be enforced"),
            ("--allow-fs-read=/*/b", "cannot be enforced"),
            ("--allow-net=*.x", "wildcards"),
            ("--allow-child-process=git", "takes no value"),
            ("--permission=on", "takes no value"),
            ("--permission-audit", "is not a permission flag"),
            ("--no-permission", "the nearest valid one is `--permission`"),
            ("--allow-read=/x", "the nearest valid one is `--allow-fs-read`"),
            ("--allow-fs-reed=/x", "the nearest valid one is `--allow-fs-read`"),
            (
                "--allow-child-proces",
                "the nearest valid one is `--allow-child-process`",
            ),
            ("--deny-net", "the nearest valid one is `--allow-net`"),
            ("tool.js", "does not begin with `-`"),
            ("--eval=1", "instead of the worker"),
        ];
        for (option, reason) in cases {
            let problems = parse(&["--no-warnings", option]).expect_err(option);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].field, "nodeOptions[1]");
            assert!(
                problems[0].message.contains(reason),
                "{option}: {}",
                problems[0].message
            );
        }
    }

    #[test]
    fn options_that_load_code_or_open_ports_need_no_sandbox() {
        let options = [
            "--require=./x.cjs",
            "--import=./x.mjs",
            "--inspect=0",
            "--allow-inspector",
        ];
        let read = parse(&options).expect("valid without a sandbox");
        assert_eq!(read.rest, options);
        let fields: Vec<_> = read
            .needs_no_sandbox
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(
            fields,
            ["nodeOptions[0]", "nodeOptions[1]", "nodeOptions[2]", "nodeOptions[3]"]
        );
        assert_eq!(read.permissions.read, Scope::All);
    }

    proptest! {
        #[test]
        fn any_options_are_read_or_refused(options in prop::collection::vec(any::<String>(), 0..4)) {
            let _ = Permissions::from_node_options(&options);
        }

        #[test]
        fn permissions_read_back_from_their_flags(
            options in prop::collection::vec("--allow-(fs-read|fs-write|net|child-process)(=[a-z/.,*:]{0,8})?", 0..5)
        ) {
            if let Ok(read) = Permissions::from_node_options(&options) {
                let flags = read.permissions.to_flags(Path::new("/base"));
                let again = Permissions::from_bun_flags(&flags);
                prop_assert_eq!(again.map(|again| again.to_flags(Path::new("/"))), Ok(flags));
            }
        }
    }
}
