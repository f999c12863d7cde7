//! `bunPermissions`: Deno's flags. Bun itself ignores them; the sandbox enforces them.

use super::grammar::Flag;
use super::grants::Grants;
use super::net::NetRule;
use super::scope::Permissions;
use crate::config::env_names;
use crate::error::Problem;

/// Every flag there is.
const FLAGS: [&str; 16] = [
    "--allow-read",
    "--deny-read",
    "--allow-write",
    "--deny-write",
    "--allow-net",
    "--deny-net",
    "--allow-env",
    "--deny-env",
    "--allow-run",
    "--deny-run",
    "--allow-all",
    "-A",
    "-R",
    "-W",
    "-N",
    "-E",
];

impl Permissions {
    /// Reads the flags, or reports every wrong one.
    pub fn from_bun_flags(flags: &[String]) -> Result<Self, Vec<Problem>> {
        Self::from_numbered_bun_flags(flags.iter().map(String::as_str).enumerate())
    }

    /// The same for some entries of a list, with their positions in it.
    pub(in crate::config) fn from_numbered_bun_flags<'a>(
        flags: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut grants = Grants::default();
        let mut problems = Vec::new();
        for (index, text) in flags {
            if let Err(reason) = read(Flag::cut(text), &mut grants) {
                problems.push(Problem::new(format!("bunPermissions[{index}]"), reason));
            }
        }
        let permissions = grants.finish().unwrap_or_else(|reasons| {
            problems.extend(reasons.into_iter().map(|reason| Problem::new("bunPermissions", reason)));
            Permissions::default()
        });
        if problems.is_empty() {
            Ok(permissions)
        } else {
            Err(problems)
        }
    }
}

fn read(flag: Flag<'_>, grants: &mut Grants) -> Result<(), String> {
    match flag.name {
        "--allow-read" | "-R" => grants.read.add(flag.scope()?),
        "--deny-read" => grants.deny_read.add(flag.scope()?),
        "--allow-write" | "-W" => grants.write.add(flag.scope()?),
        "--deny-write" => grants.deny_write.add(flag.scope()?),
        "--allow-net" | "-N" => grants.net.add(net(flag)?),
        "--deny-net" => grants.deny_net.add(net(flag)?),
        "--allow-env" | "-E" => grants.env.add(env(flag, true)?),
        "--deny-env" => grants.deny_env.add(env(flag, false)?),
        "--allow-run" => grants.run.add(flag.scope()?),
        "--deny-run" => grants.deny_run.add(flag.scope()?),
        "--allow-all" | "-A" => {
            flag.without_value()?;
            grants.all = true;
        }
        name => {
            return Err(cannot_be_held(name).map_or_else(
                || flag.unknown(FLAGS),
                |reason| format!("`{}` cannot be enforced: {reason}", flag.text.escape_debug()),
            ));
        }
    }
    Ok(())
}

/// Why a flag of Deno cannot be enforced here.
fn cannot_be_held(name: &str) -> Option<&'static str> {
    match name {
        "--allow-sys" | "-S" | "--deny-sys" => {
            Some("what these names cover is not one system call each; a tool sees what the sandbox leaves visible")
        }
        "--allow-ffi" | "--deny-ffi" => {
            Some("native code is confined by the same sandbox anyway and needs no flag; allow the files it reads")
        }
        "--allow-import" | "-I" | "--deny-import" => {
            Some("modules come from files only, and those follow --allow-read")
        }
        name if name.starts_with("--ignore-") => {
            Some("a refused access is an error here and never looks like an absent file")
        }
        _ => None,
    }
}

/// The hosts in a flag's list.
pub(super) fn net(flag: Flag<'_>) -> Result<Option<Vec<NetRule>>, String> {
    let Some(entries) = flag.scope()? else {
        return Ok(None);
    };
    let rules = entries.iter().map(|entry| {
        NetRule::parse(entry).map_err(|reason| {
            format!(
                "`{}`: `{}` is refused: {reason}",
                flag.text.escape_debug(),
                entry.escape_debug()
            )
        })
    });
    rules.collect::<Result<_, _>>().map(Some)
}

/// The variables in a flag's list: names, or prefixes that end in `*`.
fn env(flag: Flag<'_>, allow: bool) -> Result<Option<Vec<String>>, String> {
    let Some(entries) = flag.scope()? else {
        return Ok(None);
    };
    for entry in &entries {
        let refused = |reason: &str| format!("`{}`: `{}` {reason}", flag.text.escape_debug(), entry.escape_debug());
        if entry == "*" {
            return Err(refused(&format!("is everything; write `{}` alone", flag.name)));
        }
        let name = entry.strip_suffix('*').unwrap_or(entry);
        if !name.bytes().all(|b| b.is_ascii_graphic() && b != b'*' && b != b'=') {
            return Err(refused(
                "is not a variable's name, nor the beginning of one followed by `*`",
            ));
        }
        if let Some(reason) = env_names::refusal(name).filter(|_| allow) {
            return Err(refused(&format!("cannot be allowed: {reason}")));
        }
    }
    Ok(Some(entries))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::net::NetScope;
    use super::super::scope::{Deny, Scope};
    use super::*;

    fn parse(flags: &[&str]) -> Result<Permissions, Vec<Problem>> {
        Permissions::from_bun_flags(&flags.iter().map(|&flag| flag.to_owned()).collect::<Vec<_>>())
    }

    fn only(entries: &[&str]) -> Scope {
        Scope::Only(entries.iter().map(|&entry| entry.to_owned()).collect())
    }

    #[test]
    fn no_flags_allow_nothing() {
        assert_eq!(parse(&[]), Ok(Permissions::default()));
    }

    #[test]
    fn flags_of_every_kind() {
        let permissions = parse(&[
            "--allow-read=/data,./in",
            "-R=more",
            "--deny-read=/secret",
            "--allow-write",
            "-N=example.com:443,[::1]:80",
            "--deny-net=10.0.0.1",
            "--allow-env=HOME,AWS_*",
            "--deny-env=AWS_SECRET",
            "--allow-run=git,/bin/ls",
        ]);
        let permissions = permissions.expect("valid");
        assert_eq!(permissions.read, only(&["/data", "./in", "more"]));
        assert_eq!(permissions.deny_read, ["/secret"]);
        assert_eq!(permissions.write, Scope::All);
        assert_eq!(permissions.env, only(&["HOME", "AWS_*"]));
        assert_eq!(permissions.deny_env, Deny::Only(vec!["AWS_SECRET".into()]));
        assert_eq!(permissions.run, only(&["git", "/bin/ls"]));
        assert!(matches!(&permissions.net, NetScope::Only(rules) if rules.len() == 2));
        assert_eq!(permissions.deny_net.len(), 1);
        assert!(!permissions.all);
    }

    #[test]
    fn allow_all_is_everything() {
        for flags in [&["-A"][..], &["--allow-all"], &["--allow-all", "--allow-read=x", "-A"]] {
            let permissions = parse(flags).expect("valid");
            assert!(permissions.all);
            assert_eq!((permissions.read, permissions.run), (Scope::All, Scope::All));
            assert_eq!(permissions.net, NetScope::All);
        }
    }

    #[test]
    fn bare_flags_win_over_lists_and_entries_are_kept_once() {
        assert_eq!(
            parse(&["--allow-read=a", "--allow-read"]).map(|p| p.read),
            Ok(Scope::All)
        );
        assert_eq!(
            parse(&["--allow-read=a,b", "--allow-read=b,c"]).map(|p| p.read),
            Ok(only(&["a", "b", "c"]))
        );
        assert_eq!(
            parse(&["--deny-net", "--deny-run=x", "--deny-read"]),
            Ok(Permissions::default())
        );
        assert_eq!(parse(&["--allow-env", "--deny-env"]).map(|p| p.deny_env), Ok(Deny::All));
    }

    #[test]
    fn refusals_name_the_flag_and_the_reason() {
        let cases = [
            ("--allow-net=", "empty scope"),
            ("--allow-read=", "write `--allow-read` for everything"),
            ("--allow-read=a,", "empty entry"),
            ("--allow-read=a\0b", "NUL"),
            ("--allow-sys", "`--allow-sys` cannot be enforced"),
            ("--allow-sys=hostname", "cannot be enforced"),
            ("--allow-ffi", "native code is confined"),
            ("--allow-import=deno.land", "cannot be enforced"),
            ("--ignore-read=/x", "cannot be enforced"),
            ("--ignore-env", "cannot be enforced"),
            ("--allow-net=unix:@x", "abstract"),
            ("--allow-net=*.example.com", "wildcards"),
            ("--allow-net=10.0.0.0/8", "address ranges"),
            ("--allow-net=a:0", "1 to 65535"),
            ("--allow-env=A=B", "not a variable's name"),
            ("--allow-env=*", "write `--allow-env` alone"),
            ("--allow-env=A*B", "not a variable's name"),
            ("--allow-env=LD_PRELOAD", "dynamic loader"),
            ("--allow-env=NODE_*", "Node obeys"),
            ("--allow-all=yes", "takes no value"),
            ("--alow-read", "nearest valid one is `--allow-read`"),
            ("--allow-raed=x", "nearest valid one is `--allow-read`"),
            ("allow-net", "nearest valid one is `--allow-net`"),
            ("--Allow-Write", "nearest valid one is `--allow-write`"),
            ("--allow-read ./data", "put `=` between `--allow-read` and its value"),
            ("", "nearest valid one is"),
            ("./data", "is not a permission flag"),
        ];
        for (flag, reason) in cases {
            let problems = parse(&["--allow-read=ok", flag]).expect_err(flag);
            assert_eq!(problems.len(), 1, "{flag}");
            assert_eq!(problems[0].field, "bunPermissions[1]");
            assert!(problems[0].message.contains(reason), "{flag}: {}", problems[0].message);
        }
        assert_eq!(parse(&["--x", "--allow-net=", "-A=1"]).expect_err("three").len(), 3);
    }

    #[test]
    fn contradicting_flags_are_refused_and_both_are_named() {
        let cases: [(&[&str], &str, &str); 10] = [
            (&["--allow-read", "--deny-read=x"], "`--deny-read=x`", "`--allow-read`"),
            (&["--deny-read", "--allow-read"], "`--deny-read`", "`--allow-read`"),
            (
                &["--allow-read=dir", "--deny-read=./dir/sub"],
                "`--deny-read=./dir/sub`",
                "`--allow-read=dir`",
            ),
            (
                &["--allow-read=/a", "--deny-read=/a"],
                "`--deny-read=/a`",
                "`--allow-read=/a`",
            ),
            (
                &["--allow-write=/a/b", "--deny-write=/a"],
                "`--allow-write=/a/b`",
                "`--deny-write=/a`",
            ),
            (
                &["--allow-write=/a/b", "--deny-write"],
                "`--allow-write=/a/b`",
                "`--deny-write`",
            ),
            (&["--allow-net=a", "--deny-net"], "`--deny-net`", "`--allow-net`"),
            (&["--allow-run", "--deny-run=rm"], "`--deny-run`", "`--allow-run`"),
            (&["-A", "--deny-net=a"], "`--deny-net`", "`--allow-all`"),
            (&["-A", "--deny-env"], "`--deny-env`", "`--allow-all`"),
        ];
        for (flags, one, other) in cases {
            let problems = parse(flags).expect_err(one);
            assert_eq!(problems.len(), 1, "{flags:?}: {problems:?}");
            assert_eq!(problems[0].field, "bunPermissions");
            assert!(
                problems[0].message.contains(one) && problems[0].message.contains(other),
                "{problems:?}"
            );
        }
        assert!(parse(&["--allow-read=/a", "--deny-read=/b", "--allow-write=/b"]).is_ok());
    }

    fn near_flag() -> impl Strategy<Value = String> {
        "(--(allow|deny)-(read|write|run|net|env|all)|-[ARWNE])(=[a-z/.,*:A-Z0-9\\[\\]]{0,12})?"
    }

    proptest! {
        #[test]
        fn any_flags_are_read_or_refused(flags in prop::collection::vec(any::<String>(), 0..4)) {
            let _ = Permissions::from_bun_flags(&flags);
        }

        #[test]
        fn written_flags_read_as_the_same(flags in prop::collection::vec(near_flag(), 0..5)) {
            let base = Path::new("/base, with commas,");
            if let Ok(permissions) = Permissions::from_bun_flags(&flags) {
                let written = permissions.to_flags(base);
                let again = Permissions::from_bun_flags(&written);
                prop_assert!(again.is_ok(), "{written:?}: {again:?}");
                let again = again.expect("just checked");
                prop_assert_eq!(again.to_flags(Path::new("/elsewhere")), written);
                prop_assert_eq!(again.all, permissions.all);
                prop_assert_eq!(again.net, permissions.net);
                prop_assert_eq!(again.env, permissions.env);
                prop_assert_eq!(again.deny_env, permissions.deny_env);
            }
        }
    }
}
