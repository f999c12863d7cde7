use std::fmt::Write;

use super::super::files::fake::Fake;
use super::*;
use crate::config::NetRule;

fn machine() -> Fake {
    Fake::default()
        .program("/opt/bun", "/lib64/ld.so", &["libc.so.6", "libm.so.6"])
        .link("/lib64", "usr/lib64")
        .program("/usr/lib64/ld.so", "", &[])
        .program("/usr/lib64/libc.so.6", "", &["ld.so"])
        .link("/usr/lib64/libm.so.6", "libm-2.so")
        .program("/usr/lib64/libm-2.so", "", &["libc.so.6"])
        .file("/usr/lib64/libnss_dns.so.2")
        .file("/dev/null")
        .file("/dev/urandom")
        .file("/etc/hosts")
        .file("/etc/ssl/certs/a.pem")
        .file("/work/package.json")
        .directory("/work/node_modules/zod")
        .file("/work/app/package.json")
        .file("/work/app/src/tools.ts")
        .directory("/work/app/.toolwarden")
        .directory("/work/app/node_modules")
        .link("/work/app/node_modules/sibling", "../../sibling")
        .link("/work/app/node_modules/stray", "/home/secret")
        .file("/work/sibling/package.json")
        .file("/home/secret/package.json")
        .file("/data/in.csv")
        .directory("/data/sub")
        .link("/data/link", "/home/secret")
        .directory("/proc/4242")
        .file("/proc/meminfo")
        .program("/usr/bin/git", "/lib64/ld.so", &["libc.so.6"])
        .program("/usr/bin/env", "/lib64/ld.so", &[])
        .script("/usr/bin/tool", "/usr/bin/env git")
}

fn input(permissions: &Permissions) -> PlanInput<'_> {
    PlanInput {
        permissions,
        working_dir: Path::new("/work/app"),
        entrypoint: Some(Path::new("/work/app/src/tools.ts")),
        worker_file: Some(Path::new("/work/app/.toolwarden/worker.mjs")),
        command: None,
        runtime_binary: Path::new("/opt/bun"),
        runtime: RuntimeType::Bun,
        path_var: "/usr/bin",
        home: Some(Path::new("/home")),
        addon: None,
    }
}

fn planned(permissions: &Permissions) -> Result<Policy, Box<Error>> {
    plan_with(&machine(), &input(permissions))
}

fn only(paths: &[&str]) -> Scope {
    Scope::Only(paths.iter().map(ToString::to_string).collect())
}

fn shown(policy: &Policy) -> String {
    let mut text = String::new();
    for rule in &merged(policy.files.iter().cloned().chain(policy.code.rules()).collect()) {
        let Rights {
            read,
            list,
            execute,
            write,
        } = rule.rights;
        let mark = |held: bool, letter: char| if held { letter } else { '-' };
        let _ = writeln!(
            text,
            "{}{}{}{} {}",
            mark(read, 'r'),
            mark(list, 'l'),
            mark(execute, 'x'),
            mark(write, 'w'),
            rule.path.display()
        );
    }
    text
}

fn problems(permissions: &Permissions) -> String {
    let error = planned(permissions).expect_err("refused");
    let lines = error
        .context
        .problems
        .iter()
        .map(|problem| format!("{}: {}\n", problem.field, problem.message));
    lines.collect()
}

#[test]
fn with_nothing_allowed_the_runtime_the_package_and_its_imports_are_readable() {
    insta::assert_snapshot!(shown(&planned(&Permissions::default()).expect("a policy")));
}

#[test]
fn lists_become_real_paths() {
    let policy = planned(&Permissions {
        read: only(&["/data/link", "../sibling", "/data/in.csv"]),
        write: only(&["/data/sub"]),
        ..Permissions::default()
    })
    .expect("a policy");
    assert_eq!(
        policy.permissions.read,
        only(&["/home/secret", "/work/sibling", "/data/in.csv"])
    );
    assert!(!policy.read_all);
    insta::assert_snapshot!(shown(&policy));
}

#[test]
fn everything_is_everything_also_when_it_is_spelled_as_a_list() {
    for read in [Scope::All, only(&["/"]), only(&["/data", "/../"])] {
        let policy = planned(&Permissions {
            read,
            ..Permissions::default()
        })
        .expect("a policy");
        assert!(policy.read_all && !policy.write_all);
        assert_eq!(policy.permissions.read, Scope::All);
    }
}

#[test]
fn programs_come_with_their_interpreters_and_libraries() {
    let policy = planned(&Permissions {
        run: only(&["tool"]),
        ..Permissions::default()
    })
    .expect("a policy");
    // The interpreters can be executed on their own, so they are part of the supervisor's list and of what is shown.
    let programs = ["/usr/bin/tool", "/usr/bin/env", "/usr/bin/git"];
    assert_eq!(policy.run, Run::Only(programs.map(PathBuf::from).to_vec()));
    assert_eq!(policy.permissions.run, only(&programs));
    insta::assert_snapshot!(shown(&policy));
}

#[test]
fn with_net_the_resolver_and_certificates_are_readable() {
    let rule = NetRule {
        host: Host::Name("example.com".into()),
        port: Some(443),
    };
    let policy = planned(&Permissions {
        net: NetScope::Only(vec![rule]),
        ..Permissions::default()
    })
    .expect("a policy");
    for path in ["/etc/hosts", "/etc/ssl/certs/a.pem", "/usr/lib64/libnss_dns.so.2"] {
        assert!(policy.may_read(Path::new(path)), "{path}");
    }
}

#[test]
fn permissions_that_the_kernel_cannot_enforce_are_refused_with_the_reason() {
    insta::assert_snapshot!(problems(&Permissions {
        read: only(&["/data", "/nowhere", "/proc", "/proc/4242"]),
        deny_read: vec![
            "/data/sub".into(),
            "/".into(),
            "/work/app/src".into(),
            "/data/new/one".into()
        ],
        write: only(&["/data/new.txt", "/proc/meminfo"]),
        run: only(&["nothing", "./src/tools.ts"]),
        ..Permissions::default()
    }));
}

#[test]
fn a_deny_outside_of_the_allowed_paths_needs_no_rule() {
    let policy = planned(&Permissions {
        read: only(&["/data"]),
        deny_read: vec!["/home/secret".into()],
        deny_write: vec!["/data".into()],
        ..Permissions::default()
    })
    .expect("a policy");
    assert_eq!(policy.permissions.deny_read, ["/home/secret"]);
}

#[test]
fn a_denied_name_needs_an_allow_list_that_can_hold_it() {
    let name = |name: &str, port| NetRule {
        host: Host::Name(name.into()),
        port,
    };
    let ip = NetRule {
        host: Host::Ip([10, 0, 0, 1].into()),
        port: None,
    };
    let held = Permissions {
        net: NetScope::Only(vec![name("a.test", None)]),
        deny_net: vec![name("a.test", Some(25)), name("b.test", None)],
        ..Permissions::default()
    };
    assert!(matches!(planned(&held).expect("a policy").net, NetPolicy::Only { .. }));
    insta::assert_snapshot!(problems(&Permissions {
        net: NetScope::Only(vec![ip]),
        ..held.clone()
    }));
    insta::assert_snapshot!(problems(&Permissions {
        net: NetScope::All,
        ..held
    }));
}

#[test]
fn no_always_readable_path_is_listed_twice() {
    let readable = |permissions: &Permissions| planned(permissions).expect("a policy").readable();
    let without = readable(&Permissions::default());
    for path in [
        "/work/app",
        "/work/node_modules",
        "/work/sibling",
        "/opt/bun",
        "/proc/self/maps",
    ] {
        assert!(without.iter().any(|shown| shown == path), "{path} in {without:?}");
    }
    assert!(
        !without.iter().any(|path| path.starts_with("/work/app/")),
        "{without:?}"
    );
    // A path that a read flag allows is shown as that flag.
    let all = Permissions {
        read: Scope::All,
        ..Permissions::default()
    };
    assert_eq!(readable(&all), without);
}

#[test]
fn every_file_is_no_process_and_no_device() {
    let policy = planned(&Permissions {
        read: Scope::All,
        write: Scope::All,
        ..Permissions::default()
    })
    .expect("a policy");
    for path in ["/data/in.csv", "/proc/meminfo", "/dev/null", "/dev/urandom"] {
        assert!(policy.may_read(Path::new(path)), "{path}");
    }
    for path in [
        "/proc/4242/cmdline",
        "/proc/net/tcp",
        "/dev/tty",
        "/dev/sda",
        "/dev/pts/0",
    ] {
        assert!(!policy.may_read(Path::new(path)), "{path}");
        assert!(!policy.may_write(Path::new(path)), "{path}");
    }
    assert!(policy.may_write(Path::new("/dev/null")));
}

#[test]
fn a_deny_of_an_always_readable_path_is_refused_and_one_around_it_is_not() {
    let denied = |path: &str| Permissions {
        deny_read: vec![path.into()],
        ..Permissions::default()
    };
    for path in ["/etc/ssl/certs", "/etc/ssl/certs/a.pem", "/usr/lib64"] {
        let said = problems(&denied(path));
        assert!(said.contains("stays readable"), "{path}: {said}");
    }
    let policy = planned(&denied("/etc")).expect("a policy");
    assert_eq!(policy.permissions.deny_read, ["/etc"]);
    assert!(!policy.may_read(Path::new("/etc/hosts")));
}

#[test]
fn private_keys_are_unreadable_where_certificates_are_readable() {
    let machine = machine()
        .secret("/etc/ssl/private/server.key")
        .file("/etc/ssl/openssl.cnf")
        .secret("/etc/ssl/certs/beside.key")
        .file("/etc/pki/tls/certs/ca.pem")
        .file("/etc/pki/tls/private/readable-by-all.key");
    let policy = plan_with(&machine, &input(&Permissions::default())).expect("a policy");
    for path in [
        "/etc/ssl/certs/a.pem",
        "/etc/ssl/openssl.cnf",
        "/etc/pki/tls/certs/ca.pem",
    ] {
        assert!(policy.may_read(Path::new(path)), "{path}");
    }
    for path in [
        "/etc/ssl",
        "/etc/ssl/private",
        "/etc/ssl/private/server.key",
        "/etc/ssl/certs/beside.key",
        "/etc/pki/tls/private/readable-by-all.key",
    ] {
        assert!(!policy.may_read(Path::new(path)), "{path}");
    }
}
