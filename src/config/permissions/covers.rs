//! Compares permissions: what one value allows beyond another one.

use std::path::Path;

use super::metadata::is_metadata;
use super::net::{Host, NetRule, NetScope};
use super::paths::absolute;
use super::scope::{Deny, Permissions, Scope};

impl Permissions {
    /// What these allow and `base` does not. Paths of files and programs are real and absolute in both.
    pub fn beyond(&self, base: &Self, working_dir: &Path) -> Self {
        if base.all {
            return Self::default();
        }
        if self.all {
            return Self {
                all: true,
                ..Self::default()
            };
        }
        // Every field is named here and in the result, so that a new kind of permission does not compile before it is
        // compared: a call's own flags would otherwise allow it although its tool's flags do not.
        let Self {
            all: _,
            read,
            deny_read: _,
            write,
            deny_write: _,
            net: _,
            net_besides: _,
            deny_net: _,
            env,
            deny_env: _,
            run,
        } = self;
        let below = |inner: &str, outer: &str| Path::new(inner).starts_with(outer);
        let (net, net_besides) = self.net_beyond(base, working_dir);
        Self {
            all: false,
            read: scope_beyond(read, &base.read, below),
            write: scope_beyond(write, &base.write, below),
            env: scope_beyond(env, &base.env, matches),
            run: scope_beyond(run, &base.run, |inner, outer| inner == outer),
            net,
            net_besides,
            // A denial allows nothing.
            deny_read: Vec::new(),
            deny_write: Vec::new(),
            deny_net: Vec::new(),
            deny_env: Deny::None,
        }
    }

    /// These permissions without what `base` takes back.
    pub fn and_denials_of(mut self, base: &Self) -> Self {
        add(&mut self.deny_read, &base.deny_read);
        add(&mut self.deny_write, &base.deny_write);
        add(&mut self.deny_net, &base.deny_net);
        self.deny_env = match (self.deny_env, &base.deny_env) {
            (Deny::All, _) | (_, Deny::All) => Deny::All,
            (Deny::None, other) => other.clone(),
            (own, Deny::None) => own,
            (Deny::Only(mut own), Deny::Only(others)) => {
                add(&mut own, others);
                Deny::Only(own)
            }
        };
        self
    }

    fn net_beyond(&self, base: &Self, working_dir: &Path) -> (NetScope, Vec<NetRule>) {
        let (listed, everything) = match &self.net {
            NetScope::None => (&[][..], false),
            NetScope::All => (&self.net_besides[..], true),
            NetScope::Only(rules) => (&rules[..], false),
        };
        let host = |rule: &NetRule| match &rule.host {
            Host::Unix(path) => Host::Unix(absolute(path, working_dir).to_string_lossy().into_owned()),
            other => other.clone(),
        };
        let of_base = match &base.net {
            NetScope::Only(rules) => &rules[..],
            NetScope::None | NetScope::All => &base.net_besides[..],
        };
        let covers = |outer: &NetRule, inner: &NetRule| {
            host(outer) == host(inner) && (outer.port.is_none() || outer.port == inner.port)
        };
        // The flag without a list includes neither of these.
        let is_apart = |rule: &NetRule| match &rule.host {
            Host::Unix(_) => true,
            Host::Ip(ip) => is_metadata(*ip),
            Host::Name(_) => false,
        };
        let is_covered = |rule: &&NetRule| {
            (base.net == NetScope::All && !is_apart(rule)) || of_base.iter().any(|outer| covers(outer, rule))
        };
        let left: Vec<NetRule> = listed.iter().filter(|rule| !is_covered(rule)).cloned().collect();
        match (everything && base.net != NetScope::All, left.is_empty()) {
            (true, _) => (NetScope::All, left),
            (false, true) => (NetScope::None, left),
            (false, false) => (NetScope::Only(left), Vec::new()),
        }
    }
}

fn scope_beyond(inner: &Scope, base: &Scope, covers: impl Fn(&str, &str) -> bool) -> Scope {
    let left = |list: &[String], outer: &[String]| -> Vec<String> {
        let covered = |entry: &&String| !outer.iter().any(|outer| covers(entry, outer));
        list.iter().filter(covered).cloned().collect()
    };
    let left = match (inner, base) {
        (Scope::None, _) | (_, Scope::All) => return Scope::None,
        (Scope::All, _) => return Scope::All,
        (Scope::Only(list), Scope::None) => list.clone(),
        (Scope::Only(list), Scope::Only(outer)) => left(list, outer),
    };
    if left.is_empty() {
        Scope::None
    } else {
        Scope::Only(left)
    }
}

/// Whether a pattern of variables includes a name, or everything that another pattern includes.
fn matches(inner: &str, outer: &str) -> bool {
    match outer.strip_suffix('*') {
        Some(prefix) => inner.starts_with(prefix),
        None => inner == outer,
    }
}

fn add<T: PartialEq + Clone>(list: &mut Vec<T>, more: &[T]) {
    for entry in more {
        if !list.contains(entry) {
            list.push(entry.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(flags: &[&str]) -> Permissions {
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        Permissions::from_bun_flags(&flags).unwrap_or_else(|problems| panic!("{flags:?}: {problems:?}"))
    }

    fn beyond(inner: &[&str], base: &[&str]) -> Vec<String> {
        of(inner).beyond(&of(base), Path::new("/w")).to_flags(Path::new("/w"))
    }

    #[test]
    fn what_the_base_covers_is_not_beyond_it() {
        for (inner, base) in [
            (&[][..], &[][..]),
            (&["--allow-read=/data/tenant"], &["--allow-read=/data"]),
            (&["--allow-read=/data"], &["--allow-read"]),
            (&["--allow-write=/out/a", "--allow-write=/out/b"], &["-W=/out"]),
            (&["--allow-net=a.test:443"], &["--allow-net=a.test"]),
            (&["--allow-net=a.test:443,1.2.3.4"], &["--allow-net"]),
            (&["--allow-net=unix:./x.sock"], &["--allow-net=unix:/w/x.sock"]),
            (
                &["--allow-net", "--allow-net=unix:/x"],
                &["--allow-net", "--allow-net=unix:/x"],
            ),
            (&["--allow-env=APP_KEY,APP_B*"], &["--allow-env=APP_*"]),
            (&["--allow-run=/bin/cat"], &["--allow-run=/bin/cat,/bin/ls"]),
            (&["--allow-all"], &["--allow-all"]),
            (&["--allow-read=/x"], &["--allow-all"]),
            (&["--deny-env=X"], &[]),
        ] {
            assert_eq!(beyond(inner, base), [""; 0], "{inner:?} {base:?}");
        }
    }

    #[test]
    fn what_it_does_not_cover_is_named() {
        for (inner, base, left) in [
            (
                &["--allow-read=/data/a,/etc"][..],
                &["--allow-read=/data"][..],
                "--allow-read=/etc",
            ),
            (
                &["--allow-read=/database"],
                &["--allow-read=/data"],
                "--allow-read=/database",
            ),
            (&["--allow-read"], &["--allow-read=/data"], "--allow-read"),
            (&["--allow-write=/data"], &["--allow-read=/data"], "--allow-write=/data"),
            (&["--allow-net"], &["--allow-net=a.test"], "--allow-net"),
            (
                &["--allow-net=a.test"],
                &["--allow-net=a.test:443"],
                "--allow-net=a.test",
            ),
            (
                &["--allow-net=169.254.169.254"],
                &["--allow-net"],
                "--allow-net=169.254.169.254",
            ),
            (&["--allow-net=unix:/x"], &["--allow-net"], "--allow-net=unix:/x"),
            (&["--allow-env=AP*"], &["--allow-env=APP_*"], "--allow-env=AP*"),
            (&["--allow-run"], &["--allow-run=/bin/ls"], "--allow-run"),
            (&["--allow-all"], &["--allow-read"], "--allow-all"),
        ] {
            assert_eq!(beyond(inner, base), [left], "{inner:?} {base:?}");
        }
    }

    #[test]
    fn what_the_base_takes_back_stays_taken_back() {
        let flags = of(&["--allow-env=A*", "--deny-env=AX"]).and_denials_of(&of(&["--allow-env", "--deny-env=AB,AX"]));
        assert_eq!(flags.to_flags(Path::new("/")), ["--allow-env=A*", "--deny-env=AX,AB"]);
    }

    fn flags() -> impl Strategy<Value = Vec<String>> {
        let flag = prop_oneof![
            "--allow-(read|write)(=/[ab](/[ab]){0,2})?",
            "--allow-net(=(a|b|1\\.1\\.1\\.1|169\\.254\\.169\\.254|unix:/[ab])(:(1|2))?)?",
            "--allow-env(=[AB]{1,2}\\*?)?",
            "--allow-run(=/[ab])?",
        ];
        prop::collection::vec(flag, 0..5)
    }

    proptest! {
        #[test]
        fn nothing_is_beyond_itself_and_each_thing_is_beyond_nothing(flags in flags()) {
            if let Ok(given) = Permissions::from_bun_flags(&flags) {
                prop_assert_eq!(given.beyond(&given, Path::new("/")), Permissions::default());
                let all = given.beyond(&Permissions::default(), Path::new("/"));
                prop_assert_eq!(all.to_flags(Path::new("/")), given.to_flags(Path::new("/")));
            }
        }

        #[test]
        fn within_one_that_is_within_another_is_within_that(one in flags(), two in flags(), three in flags()) {
            let parsed = [one, two, three].map(|flags| Permissions::from_bun_flags(&flags));
            if let [Ok(one), Ok(two), Ok(three)] = &parsed {
                let within = |inner: &Permissions, outer: &Permissions| {
                    inner.beyond(outer, Path::new("/")) == Permissions::default()
                };
                if within(one, two) && within(two, three) {
                    prop_assert!(within(one, three));
                }
            }
        }
    }
}
