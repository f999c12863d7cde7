//! Which errors are denials, and what is recorded of them.

use serde_json::json;

use super::super::test_support;
use super::*;

fn denied(runtime: RuntimeType) -> DenialExplainer {
    DenialExplainer::new(
        Some(Arc::new(test_support::policy(&[]))),
        Path::new("/project"),
        Some(Path::new("/home/me")),
        runtime,
    )
}

fn refused() -> Value {
    json!({"message": "no", "code": "EACCES", "syscall": "open", "path": "/etc/hostname"})
}

#[test]
fn causes_and_members_are_looked_through() {
    let denied = denied(RuntimeType::Bun);
    for value in [
        refused(),
        json!({"message": "outer", "cause": refused()}),
        json!({"message": "all failed", "errors": [{"message": "other"}, refused()]}),
        json!({"message": "outer", "cause": {"message": "all failed", "errors": [refused()]}}),
    ] {
        let found = denied.explain(&value, &[], false).unwrap();
        assert_eq!(found.flag, "--allow-read=/etc/hostname", "{value}");
    }
    assert_eq!(
        denied.explain(&json!({"message": "outer", "cause": "EACCES"}), &[], false),
        None
    );
    assert_eq!(denied.explain(&json!(null), &[], false), None);
}

#[test]
fn only_an_error_that_names_a_refused_file_or_a_module_is_looked_into() {
    let denied = denied(RuntimeType::Bun);
    let looks = |value: &Value| denied.looks_at_files_of(&value.to_string());
    for value in [
        refused(),
        json!({"message": "outer", "cause": {"errors": [refused()]}}),
        json!({"message": "EPERM: operation not permitted, mkdir '/x'"}),
        json!({"message": "no", "code": "EXDEV", "syscall": "rename", "path": "/a", "dest": "/b"}),
        json!({"message": "Cannot find module './x' imported from /project/tools.ts"}),
    ] {
        assert!(looks(&value), "{value}");
    }
    for value in [
        json!({"message": "no", "stack": "Error: no\n at /project/tools.ts:1:1"}),
        json!({"message": "no", "code": "ENOENT", "syscall": "open", "path": "/x"}),
        json!({"message": "no", "code": "EACCES", "syscall": "spawn x", "path": "/x"}),
        json!({"message": "Cannot find package 'zod'", "specifier": "zod"}),
        json!("EACCES: permission denied, open '/x'"),
    ] {
        assert!(!looks(&value), "{value}");
    }
    assert!(!denied.looks_at_files_of("no JSON"));
    // A text that is escaped otherwise is the same text.
    assert!(denied.looks_at_files_of(r#"{"code": "\u0045ACCES", "path": "/x"}"#));
}

#[test]
fn a_chain_of_causes_ends() {
    let mut value = refused();
    for _ in 0..20 {
        value = json!({"message": "outer", "cause": value});
    }
    assert_eq!(denied(RuntimeType::Bun).explain(&value, &[], false), None);
}

#[test]
fn only_a_limited_number_of_errors_is_examined() {
    let harmless = json!({"message": "other"});
    let with = |before: usize| {
        let mut errors = vec![harmless.clone(); before];
        errors.push(refused());
        denied(RuntimeType::Bun).explain(&json!({"message": "all failed", "errors": errors}), &[], false)
    };
    assert!(with(MOST_ERRORS - 2).is_some());
    assert_eq!(with(100_000), None);
}

#[test]
fn without_a_sandbox_nothing_counts_as_a_denial() {
    let free = DenialExplainer::new(None, Path::new("/project"), None, RuntimeType::Bun);
    assert_eq!(free.explain(&refused(), &[], false), None);
}

#[test]
fn a_flag_with_blanks_is_quoted() {
    let denied = denied(RuntimeType::Bun);
    let advice = |path: &str| denied.advice(&Denial::new(Permission::Read, path.to_owned(), 0));
    assert_eq!(
        advice("/tmp/a b"),
        r#"to allow it, add "--allow-read=/tmp/a b" to `bunPermissions`"#
    );
    assert_eq!(
        advice("/tmp/a"),
        "to allow it, add --allow-read=/tmp/a to `bunPermissions`"
    );
}

#[test]
fn complete_records_of_the_supervisor_decide() {
    // The error does not say what the file was opened for, and a readable file may have been opened for writing.
    let policy = Arc::new(test_support::policy(&["--allow-read=/etc/hostname"]));
    let denied = DenialExplainer::new(Some(policy), Path::new("/project"), None, RuntimeType::Bun);
    let flag = |seen: &[Denial], complete| denied.explain(&refused(), seen, complete).map(|found| found.flag);
    let write = || Some("--allow-write=/etc/hostname".to_owned());
    assert_eq!(flag(&[], false), write());
    assert_eq!(flag(&[], true), None);
    let seen = |permission, path: &str| Denial::new(permission, path.to_owned(), 0);
    assert_eq!(flag(&[seen(Permission::Write, "/etc/hostname")], true), write());
    assert_eq!(flag(&[seen(Permission::Read, "/etc")], false), None);
    assert_eq!(flag(&[seen(Permission::Net, "a.test:1")], false), write());
}

#[test]
fn flags_are_the_runtimes_own() {
    let found = denied(RuntimeType::Node).explain(&refused(), &[], false).unwrap();
    assert_eq!(found.flag, "--allow-fs-read=/etc/hostname");
}

#[test]
fn resources_that_no_list_may_name_get_no_hint() {
    for runtime in RuntimeType::ALL {
        for (path, syscall) in [
            ("/proc/1/environ", "open"),
            ("/proc/self/environ", "open"),
            ("/sys/x/y", "mkdir"),
        ] {
            let value = json!({"message": "no", "code": "EACCES", "syscall": syscall, "path": path});
            let denied = denied(runtime);
            let found = denied.explain(&value, &[], false).unwrap();
            assert_eq!((found.flag.as_str(), found.resource.as_str()), ("", path));
            let advice = denied.advice(&found);
            assert!(advice.starts_with("no list of paths allows it: "), "{advice}");
        }
    }
}

#[test]
fn a_runtime_of_musl_is_told_no_flag_with_a_name() {
    let of = |names_by_datagram, resource: &str| {
        let policy = Policy {
            names_by_datagram,
            ..test_support::policy(&[])
        };
        let denied = DenialExplainer::new(Some(Arc::new(policy)), Path::new("/project"), None, RuntimeType::Bun);
        let mut denials = [Denial::new(Permission::Net, resource.to_owned(), 0)];
        denied.word(&mut denials);
        let told = denied.advice(&denials[0]) == flags::NAMES_OF_MUSL;
        (told, denials[0].flag.clone())
    };
    for name in ["a.test", "a.test:443", "localhost:80"] {
        assert_eq!(of(true, name), (true, String::new()), "{name}");
    }
    for address in ["10.0.0.1:80", "[::1]:80", "unix:/run/x.sock"] {
        assert_eq!(of(true, address), (false, format!("--allow-net={address}")));
    }
    assert_eq!(of(true, ""), (false, "--allow-net".to_owned()));
    assert_eq!(of(false, "a.test:443"), (false, "--allow-net=a.test:443".to_owned()));
}

#[test]
fn a_record_lists_each_denial_once_with_all_known_fields() {
    let net = |resource: &str| Denial::new(Permission::Net, resource.to_owned(), 0);
    let read = |resource: &str| Denial::new(Permission::Read, resource.to_owned(), 0);
    let flags = |before: &[Denial], revealed: Denial| {
        let mut denials = before.to_vec();
        record(&revealed, &mut denials);
        denials.into_iter().map(|denial| denial.flag).collect::<Vec<_>>()
    };
    assert_eq!(flags(&[], read("/a")), ["--allow-read=/a"]);
    assert_eq!(flags(&[read("/a")], read("/a")), ["--allow-read=/a"]);
    assert_eq!(flags(&[read("/b")], read("/a")).len(), 2);
    assert_eq!(flags(&[], net("a.test:1")), ["--allow-net=a.test:1"]);
    assert_eq!(flags(&[net("")], net("a.test")), ["--allow-net=a.test"]);
    assert_eq!(flags(&[net("a.test")], net("a.test:1")), ["--allow-net=a.test:1"]);
    assert_eq!(
        flags(&[net("127.0.0.1:1")], net("localhost:1")),
        ["--allow-net=127.0.0.1:1"]
    );
}
