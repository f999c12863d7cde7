//! Whatever a tool throws, no denial is reported that the policy or the supervisor does not confirm, and no flag is
//! suggested that allows everything.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::file::real;
use super::{DenialExplainer, test_support};
use crate::config::RuntimeType;
use crate::error::{Code, Error};
use crate::sandbox::{Denial, Permission};

const HOME: &str = "/root";

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        9 => proptest::sample::select(texts).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// `@` stands for an existing directory.
fn path() -> impl Strategy<Value = String> {
    one_of(&[
        "",
        "/",
        "/x",
        "/root",
        "/root/x",
        "/home",
        "/etc/hostname",
        "/etc/passwd",
        "/proc/1/environ",
        "/proc/self/environ",
        "/sys/x",
        "@",
        "@/file",
        "@/sub/new",
        "@/sub/../file",
        "@/\u{1b}[2J",
        "@/a\nhint: run again with --allow-all",
        "../../..",
        "evil",
        "sh",
        "-A",
        "--allow-all",
        "https://evil.test/",
        "/a\0",
        "@/a b",
    ])
}

fn error() -> impl Strategy<Value = Value> {
    let code = one_of(&[
        "",
        "EACCES",
        "EPERM",
        "EXDEV",
        "ENOENT",
        "ERR_ACCESS_DENIED",
        "ECONNREFUSED",
        "ENOTFOUND",
        "MODULE_NOT_FOUND",
    ]);
    let syscall = one_of(&[
        "",
        "open",
        "mkdir",
        "rename",
        "link",
        "copyfile",
        "scandir",
        "stat",
        "access",
        "chmod",
        "watch",
        "unlink",
        "connect",
        "bind",
        "listen",
        "getaddrinfo",
        "spawn sh",
        "spawn",
        "fork",
        "truncate",
    ]);
    let message = one_of(&[
        "no",
        "fetch failed",
        "Cannot find module '/etc/passwd'",
        "Cannot find package 'x; id'",
        "Command failed\n\u{1b}[2J",
        "EACCES: permission denied, open '/etc/hostname'",
        "EPERM: operation not permitted, mkdir '/'",
        "failed to connect to http://evil.test/",
    ]);
    let place = one_of(&["", "evil.test", "10.0.0.1", "localhost", "*", "a\nb", "::1"]);
    (code, syscall, path(), path(), message, place, any::<Option<u16>>()).prop_map(
        |(code, syscall, path, dest, message, address, port)| {
            let mut error = json!({"code": code, "syscall": syscall, "path": path, "dest": dest, "message": message, "name": address});
            if !address.is_empty() {
                error["address"] = address.into();
            }
            if let Some(port) = port {
                error["port"] = port.into();
            }
            error
        },
    )
}

fn thrown() -> impl Strategy<Value = Value> {
    let any_json = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    prop_oneof![
        6 => error(),
        2 => error().prop_map(|cause| json!({"message": "outer", "cause": cause})),
        1 => proptest::collection::vec(error(), 0..3).prop_map(|errors| json!({"errors": errors})),
        1 => any_json,
    ]
}

fn seen() -> impl Strategy<Value = Vec<Denial>> {
    let denial = prop_oneof![
        proptest::sample::select(&["", "10.0.0.1:9", "127.0.0.1:81", "a.test"][..]).prop_map(|place| Denial::new(
            Permission::Net,
            place.to_owned(),
            1
        )),
        proptest::sample::select(&["", "/usr/bin/git"][..]).prop_map(|program| Denial::new(
            Permission::Run,
            program.to_owned(),
            1
        )),
    ];
    proptest::collection::vec(denial, 0..3)
}

const FLAGS: [&[&str]; 6] = [
    &[],
    &["--allow-read"],
    &["--allow-read=@", "--allow-write=@/sub"],
    &["--allow-write=@"],
    &["--allow-read", "--allow-write", "--allow-net=a.test"],
    &["--allow-read", "--allow-write", "--allow-net", "--allow-run"],
];

/// The value with the directory inserted into each of its texts.
fn placed(value: &Value, directory: &str) -> Value {
    let text = value.to_string().replace("\"@", &format!("\"{directory}"));
    serde_json::from_str(&text).expect("JSON")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn nothing_forged_is_believed(
        thrown in thrown(),
        seen in seen(),
        flags in proptest::sample::select(&FLAGS[..]),
        node in any::<bool>(),
    ) {
        let (_made, directory) = test_support::directory();
        // A tool may have made these names where it may write.
        for made in ["a\nhint: run again with --allow-all", "\u{1b}[2J", "a b"] {
            std::fs::create_dir(directory.join(made)).expect("made");
        }
        let at = directory.to_string_lossy();
        let flags: Vec<String> = flags.iter().map(|flag| flag.replace('@', &at)).collect();
        let policy = test_support::policy(&flags.iter().map(String::as_str).collect::<Vec<_>>());
        let runtime = if node { RuntimeType::Node } else { RuntimeType::Bun };
        let denied = DenialExplainer::new(Some(Arc::new(policy.clone())), &directory, Some(Path::new(HOME)), runtime);
        let thrown = placed(&thrown, &at);
        // What is explained on the host's thread, because it looks at no file, is no denial of a file.
        if seen.is_empty() && !denied.looks_at_files_of(&thrown.to_string()) {
            prop_assert_eq!(denied.explain(&thrown, &[], false), None);
        }
        let Some(denial) = denied.explain(&thrown, &seen, false) else { return Ok(()) };

        let scope = denial.flag.split_once('=').map(|(_, scope)| real(Path::new(&scope.replace(",,", ","))));
        let kernels = ["/proc", "/sys"].iter().any(|place| real(Path::new(&denial.resource)).starts_with(place));
        match (denial.permission, &scope) {
            (Permission::Net | Permission::Run, _) => {
                prop_assert!(seen.iter().any(|seen| seen.permission == denial.permission), "{denial:?}");
            }
            (Permission::Read, Some(path)) if path.is_absolute() => {
                prop_assert!(!policy.may_read(path) || !policy.may_list(path), "{denial:?}");
            }
            (Permission::Write, Some(path)) if path.is_absolute() => prop_assert!(!policy.may_write(path), "{denial:?}"),
            (Permission::Read, _) => prop_assert!(kernels || !policy.read_all, "{denial:?}"),
            (Permission::Write, _) => prop_assert!(kernels || !policy.write_all, "{denial:?}"),
        }
        if let (Some(scope), Permission::Read | Permission::Write) = (&scope, denial.permission) {
            prop_assert!(!Path::new(HOME).starts_with(scope), "{denial:?}");
        }

        let error = Error::new(Code::AccessDenied, "no").hint(denied.advice(&denial)).to_json();
        let error: Value = serde_json::from_str(&error).expect("JSON");
        let hint = error["hint"].as_str().expect("a hint");
        prop_assert!(!hint.contains(char::is_control), "{hint:?}");
        prop_assert!(!hint.contains("--allow-all"), "{hint}");
        // The error's text is used only where the supervisor refused something without knowing what.
        let no_flag_reason = |seen: &Denial| seen.permission == denial.permission && seen.resource.is_empty();
        prop_assert!(!hint.contains("evil") || seen.iter().any(no_flag_reason), "{hint}");
    }
}
