use serde_json::json;

use super::super::test_support;
use super::*;

/// Call, path, destination, flags (`@` is the directory) and the missing flag.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    Option<(&'static str, &'static str)>,
);
const CASES: [Case; 31] = [
    ("open", "file", "", &[], Some(("--allow-read=@/file", "@/file"))),
    (
        "open",
        "file",
        "",
        &["--allow-read"],
        Some(("--allow-write=@/file", "@/file")),
    ),
    (
        "open",
        "file",
        "",
        &["--allow-read=@"],
        Some(("--allow-write=@/file", "@/file")),
    ),
    ("open", "file", "", &["--allow-read=@", "--allow-write=@"], None),
    ("open", "new", "", &[], Some(("--allow-write=@", "@/new"))),
    (
        "open",
        "not/there/new",
        "",
        &["--allow-read"],
        Some(("--allow-write=@", "@/not/there/new")),
    ),
    ("open", "new", "", &["--allow-write=@"], None),
    ("open", "sub/../file", "", &[], Some(("--allow-read=@/file", "@/file"))),
    ("scandir", ".", "", &[], Some(("--allow-read=@", "@"))),
    ("scandir", ".", "", &["--allow-read=@"], None),
    (
        "mkdir",
        "sub/a",
        "",
        &["--allow-read"],
        Some(("--allow-write=@/sub", "@/sub/a")),
    ),
    ("mkdir", "sub/a", "", &["--allow-write=@/sub"], None),
    (
        "unlink",
        "file",
        "",
        &["--allow-write=@/file"],
        Some(("--allow-write=@", "@/file")),
    ),
    (
        "rm",
        "sub",
        "",
        &["--allow-write=@/sub"],
        Some(("--allow-write=@", "@/sub")),
    ),
    ("truncate", "file", "", &[], Some(("--allow-write=@/file", "@/file"))),
    ("truncate", "file", "", &["--allow-write=@/file"], None),
    (
        "rename",
        "file",
        "sub/new",
        &["--allow-write=@/sub"],
        Some(("--allow-write=@", "@/file")),
    ),
    (
        "rename",
        "sub/x",
        "new",
        &["--allow-write=@/sub"],
        Some(("--allow-write=@", "@/new")),
    ),
    ("rename", "file", "sub/new", &["--allow-write=@"], None),
    (
        "symlink",
        "file",
        "sub/link",
        &[],
        Some(("--allow-write=@/sub", "@/sub/link")),
    ),
    (
        "copyfile",
        "file",
        "sub/copy",
        &[],
        Some(("--allow-read=@/file", "@/file")),
    ),
    (
        "copyfile",
        "file",
        "sub/copy",
        &["--allow-read"],
        Some(("--allow-write=@/sub", "@/sub/copy")),
    ),
    (
        "copyfile",
        "file",
        "module.ts",
        &["--allow-read"],
        Some(("--allow-write=@/module.ts", "@/module.ts")),
    ),
    (
        "chmod",
        "file",
        "",
        &["--allow-write=@"],
        Some(("--allow-write", "@/file")),
    ),
    ("chmod", "file", "", &["--allow-write"], None),
    (
        "watch",
        "file",
        "",
        &["--allow-read=@"],
        Some(("--allow-read", "@/file")),
    ),
    ("spawn open", "file", "", &[], None),
    ("access", "file", "", &[], None),
    ("readlink", "file", "", &[], None),
    ("lstat", "/root/x", "", &[], None),
    ("", "file", "", &[], Some(("--allow-read=@/file", "@/file"))),
];

#[test]
fn the_missing_permission_is_named_with_its_flag() {
    let (_made, directory) = test_support::directory();
    let at = |text: &str| text.replace('@', &directory.to_string_lossy());
    for (syscall, path, dest, flags, missing) in CASES {
        let flags: Vec<String> = flags.iter().map(|flag| at(flag)).collect();
        let policy = test_support::policy(&flags.iter().map(String::as_str).collect::<Vec<_>>());
        let value = json!({"code": "EACCES", "syscall": syscall, "path": path, "dest": dest});
        let found = refusal(&policy, &directory, &Thrown::of(&value)).map(|denial| (denial.flag, denial.resource));
        let missing = missing.map(|(flag, resource)| (at(flag), at(resource)));
        assert_eq!(found, missing, "{syscall} {path} {dest} {flags:?}");
    }
}

#[test]
fn a_link_counts_as_its_target() {
    let (_made, directory) = test_support::directory();
    let link = directory.join("sub/link");
    std::os::unix::fs::symlink(directory.join("file"), &link).expect("linked");
    let policy = test_support::policy(&[&format!("--allow-read={}", directory.join("sub").display())]);
    let value = json!({"code": "EACCES", "syscall": "open", "path": link.to_string_lossy()});
    let found = refusal(&policy, &directory, &Thrown::of(&value)).map(|denial| denial.flag);
    assert_eq!(found, Some(format!("--allow-read={}", link.display())));
}

#[test]
fn a_link_that_would_gain_rights_needs_them_at_both_ends() {
    let (_made, directory) = test_support::directory();
    let at = |name: &str| directory.join(name).to_string_lossy().into_owned();
    let value = json!({"code": "EXDEV", "syscall": "link", "path": at("file"), "dest": at("sub/hard")});
    let sub = at("sub");
    let flag = |flags: &[&str]| {
        refusal(&test_support::policy(flags), &directory, &Thrown::of(&value)).map(|denial| denial.flag)
    };
    let all = directory.to_string_lossy();
    let (read_sub, write_sub) = (format!("--allow-read={sub}"), format!("--allow-write={sub}"));
    let (read, write) = (format!("--allow-read={all}"), format!("--allow-write={all}"));
    assert_eq!(flag(&[&read_sub, &write_sub]), Some(write.clone()));
    assert_eq!(flag(&[&read_sub, &write]), Some(read.clone()));
    assert_eq!(flag(&[&read, &write]), None, "another device");
}

#[test]
fn a_copy_whose_mode_may_not_be_set_needs_every_file() {
    let (_made, directory) = test_support::directory();
    let at = |name: &str| directory.join(name).to_string_lossy().into_owned();
    let value = json!({"code": "EPERM", "syscall": "copyfile", "path": at("file"), "dest": at("copy")});
    let policy = test_support::policy(&["--allow-read", &format!("--allow-write={}", directory.display())]);
    let found = refusal(&policy, &directory, &Thrown::of(&value));
    assert_eq!(
        found.map(|denial| (denial.flag, denial.resource)),
        Some(("--allow-write".to_owned(), at("copy")))
    );
}

#[test]
fn with_a_supervisor_a_list_is_enough_for_metadata() {
    let (_made, directory) = test_support::directory();
    let at = |name: &str| directory.join(name).to_string_lossy().into_owned();
    let all = directory.to_string_lossy();
    let found = |syscall: &str, path: &str, flags: &[&str]| {
        let policy = Policy {
            files_supervised: true,
            ..test_support::policy(flags)
        };
        let value = json!({"code": "EPERM", "syscall": syscall, "path": at(path)});
        refusal(&policy, &directory, &Thrown::of(&value)).map(|denial| denial.flag)
    };
    let write = format!("--allow-write={all}");
    for call in ["chmod", "lchown", "utime"] {
        assert_eq!(found(call, "file", &[]), Some(format!("--allow-write={}", at("file"))));
        // The owner, or mode bits that no list allows.
        assert_eq!(found(call, "file", &[&write]), None);
    }
    assert_eq!(found("watch", "sub", &[]), Some(format!("--allow-read={}", at("sub"))));
    assert_eq!(found("watch", "file", &[&format!("--allow-read={all}")]), None);
    assert_eq!(found("copyfile", "file", &["--allow-read", &write]), None);
}

#[test]
fn other_failures_are_none() {
    let (_made, directory) = test_support::directory();
    for value in [
        json!({"code": "ENOENT", "syscall": "open", "path": "/nowhere"}),
        json!({"code": "EACCES", "syscall": "open"}),
        json!({"code": "EACCES", "path": "http://127.0.0.1/"}),
    ] {
        assert_eq!(
            refusal(&test_support::policy(&[]), &directory, &Thrown::of(&value)),
            None,
            "{value}"
        );
    }
}

#[test]
fn a_file_that_its_mode_hides_is_no_denial_of_writing() {
    use std::os::unix::fs::PermissionsExt;
    let (_made, directory) = test_support::directory();
    let file = directory.join("file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o200)).expect("changed");
    let value = json!({"code": "EACCES", "syscall": "open", "path": file.to_string_lossy()});
    let flag = |flags: &[&str]| {
        refusal(&test_support::policy(flags), &directory, &Thrown::of(&value)).map(|denial| denial.flag)
    };
    assert_eq!(flag(&["--allow-read"]), None);
    assert!(flag(&[]).is_some());
}

#[test]
fn text_that_is_not_a_path_was_never_tried() {
    for path in ["/a\0b".to_owned(), "/".repeat(5000), "https://a.test/".to_owned()] {
        let value = json!({"code": "EACCES", "syscall": "open", "path": path});
        assert_eq!(
            refusal(&test_support::policy(&[]), Path::new("/project"), &Thrown::of(&value)),
            None
        );
        let value = json!({"code": "EACCES", "syscall": "rename", "path": "/a", "dest": path});
        assert_eq!(
            refusal(&test_support::policy(&[]), Path::new("/project"), &Thrown::of(&value)),
            None
        );
    }
}
