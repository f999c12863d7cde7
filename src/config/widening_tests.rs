use proptest::prelude::*;

use super::*;

fn fields_of(json: &str) -> Vec<String> {
    widenings(json).into_iter().map(|found| found.field).collect()
}

#[test]
fn settings_that_restrict_need_no_consent() {
    for json in [
        "{}",
        r#"{"sandbox":"required","runtimePath":"","runtimeType":"node","entrypointPath":"x.ts"}"#,
        r#"{"bunPermissions":[]}"#,
        r#"{"bunPermissions":["--allow-read=/etc,./data","--deny-write","--deny-net=a.com","-R"]}"#,
        r#"{"nodeOptions":["--permission","--allow-fs-read=/etc"]}"#,
        r#"{"toolExecutionTimeout":"10s","gracePeriod":0,"maxMemoryMb":64,"maxOutputSize":1,"maxStderrCaptureSize":0}"#,
        r#"{"minWorkers":0,"maxWorkers":1,"maxQueue":0,"idleTimeout":"1h","maxCallsPerWorker":1}"#,
        r#"{"workerFilePerm":256,"telemetry":{"recordInputs":false},"entrypointCache":false,"isolation":"call"}"#,
    ] {
        assert_eq!(fields_of(json), [""; 0], "{json}");
    }
}

#[test]
fn every_setting_that_widens_is_listed() {
    for json in [
        r#"{"sandbox":"off"}"#,
        r#"{"runtimePath":"./evil.sh"}"#,
        r#"{"bunPermissions":["--allow-all"]}"#,
        r#"{"bunPermissions":["-A"]}"#,
        r#"{"bunPermissions":["--allow-read","--allow-write=./out"]}"#,
        r#"{"bunPermissions":["--allow-net=a.com"]}"#,
        r#"{"bunPermissions":["--allow-env=HOME"]}"#,
        r#"{"bunPermissions":["--allow-run=ls"]}"#,
        r#"{"nodeOptions":["--permission","--allow-fs-write=*"]}"#,
        r#"{"nodeOptions":["--require=./x.cjs"]}"#,
        r#"{"nodeOptions":["--no-warnings"]}"#,
        r#"{"nodeOptions":["--allow_child_process"]}"#,
        r#"{"toolExecutionTimeout":"61s"}"#,
        r#"{"gracePeriod":"1m"}"#,
        r#"{"maxMemoryMb":0}"#,
        r#"{"maxMemoryMb":2049}"#,
        r#"{"maxOutputSize":10485761}"#,
        r#"{"maxStderrCaptureSize":1048577}"#,
        r#"{"workerFilePerm":438}"#,
        r#"{"minWorkers":100}"#,
        r#"{"maxWorkers":10000}"#,
        r#"{"concurrentCallsPerWorker":2}"#,
        r#"{"isolation":"worker"}"#,
        r#"{"telemetry":{"recordOutputs":true}}"#,
        r#"{"entrypointCache":true}"#,
        r#"{"processStart":"auto"}"#,
    ] {
        assert_eq!(fields_of(json).len(), 1, "{json}");
    }
}

#[test]
fn the_settings_of_single_tools_are_judged_one_by_one() {
    let narrow = r#"{"tools":{"a":{"bunPermissions":["--allow-read=/etc"],"maxMemoryMb":64,"env":{"X":"1"},"retry":{"on":[]}},"b":{}}}"#;
    assert_eq!(fields_of(narrow), [""; 0]);
    let wide = r#"{"tools":{"a":{"bunPermissions":["--allow-net"],"gracePeriod":0},"b/c":{"maxMemoryMb":0,"retry":{"on":["crash"]},"maxOutputSize":11000000}}}"#;
    let found = r#"tools.a.bunPermissions tools["b/c"].maxMemoryMb tools["b/c"].retry tools["b/c"].maxOutputSize"#;
    assert_eq!(fields_of(wide).join(" "), found);
    assert_eq!(fields_of(r#"{"tools":7}"#), [""; 0]);
}

#[test]
fn a_wrong_setting_hides_no_other() {
    assert_eq!(
        fields_of(r#"{"minWorkers":-1,"gracePeriod":"soon","wat":1,"sandbox":"off","maxWorkers":0}"#),
        ["sandbox"]
    );
    // Each is valid by itself; resolving them reports the contradiction.
    assert_eq!(
        fields_of(r#"{"minWorkers":1,"maxWorkers":1,"backoffMaxInterval":1,"runtimePath":"x"}"#),
        ["runtimePath"]
    );
}

#[test]
fn every_setting_is_in_the_table() {
    let base = preset(Preset::Default);
    for (name, _) in fields::FIELDS {
        assert_eq!(wider(name, &base, &base), None, "{name}");
    }
}

#[test]
fn the_network_without_a_list_includes_no_unix_socket_and_no_metadata_service() {
    let of = |flags: &[&str]| {
        let json = serde_json::json!({ "bunPermissions": flags }).to_string();
        super::super::resolve(&json).expect("valid flags").permissions
    };
    let wide = of(&["--allow-net"]);
    for more in [
        &["--allow-net=unix:/run/x.sock"][..],
        &["--allow-net=169.254.169.254"],
        &["--allow-net", "--allow-net=unix:/run/x.sock"],
    ] {
        assert!(!is_within(&of(more), &wide), "{more:?}");
        assert!(is_within(&of(more), &of(more)), "{more:?}");
    }
    assert!(is_within(&of(&[]), &wide) && is_within(&wide, &wide));
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::None),
        Just(Scope::All),
        prop::collection::vec("[a-c]", 1..3).prop_map(Scope::Only)
    ]
}

fn allows(scope: &Scope, what: &str) -> bool {
    match scope {
        Scope::None => false,
        Scope::All => true,
        Scope::Only(listed) => listed.iter().any(|entry| entry == what),
    }
}

proptest! {
    #[test]
    fn what_is_within_allows_nothing_more(
        (read, write, env, run) in (scope(), scope(), scope(), scope()),
        (base_read, base_write, base_env, base_run) in (scope(), scope(), scope(), scope()),
    ) {
        let inner = Permissions { read, write, env, run, ..Permissions::default() };
        let base = Permissions { read: base_read, write: base_write, env: base_env, run: base_run, ..Permissions::default() };
        if is_within(&inner, &base) {
            for what in ["a", "b", "c", "another"] {
                for (inner, base) in [
                    (&inner.read, &base.read),
                    (&inner.write, &base.write),
                    (&inner.env, &base.env),
                    (&inner.run, &base.run),
                ] {
                    prop_assert!(!allows(inner, what) || allows(base, what));
                }
            }
        }
        prop_assert!(is_within(&inner, &inner));
    }

    #[test]
    fn flags_that_allow_more_than_reading_are_never_passed_over(
        flags in prop::collection::vec(
            "(--allow-(read|write|net|env|run|all|sys|ffi)|--deny-(read|write|net|env)|-[ARWNE])(=[a-z./,]{1,6})?", 0..4
        )
    ) {
        let json = serde_json::json!({ "bunPermissions": &flags }).to_string();
        let resolved = super::super::resolve(&json);
        if widenings(&json).is_empty() && let Ok(config) = resolved {
            let given = &config.permissions;
            prop_assert!(!given.all);
            prop_assert_eq!(&given.write, &Scope::None);
            prop_assert_eq!(&given.net, &NetScope::None);
            prop_assert_eq!(&given.env, &Scope::None);
            prop_assert_eq!(&given.run, &Scope::None);
        }
    }
}
