use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::config::{Permissions, RuntimeType};
use crate::sandbox::{PlanInput, plan};

/// Four directories: `open/` may be read, `out/` written, `both/` read and written; in the fourth, nothing is allowed
/// but `file` and `dir/`.
struct Bench {
    _made: tempfile::TempDir,
    top: PathBuf,
    policy: Policy,
}

fn bench() -> Bench {
    let made = tempfile::tempdir().expect("a directory");
    let top = made.path().canonicalize().expect("a real path");
    for name in ["open", "out", "both", "closed", "closed/sub"] {
        fs::create_dir(top.join(name)).expect("made");
        fs::write(top.join(name).join("file"), "x").expect("written");
    }
    let at = |name: &str| top.join(name).display().to_string();
    let flags = [
        format!("--allow-read={},{}", at("open"), at("both")),
        format!("--allow-write={},{}", at("out"), at("both")),
    ];
    let policy = plan(&PlanInput {
        permissions: &Permissions::from_bun_flags(&flags).expect("valid flags"),
        working_dir: Path::new("/project"),
        entrypoint: None,
        worker_file: Some(Path::new("/project/.toolwarden/worker.mjs")),
        command: None,
        runtime_binary: Path::new("/proc/self/exe"),
        runtime: RuntimeType::Bun,
        path_var: "/usr/bin:/bin",
        home: None,
        addon: None,
    })
    .expect("a policy");
    Bench {
        _made: made,
        top,
        policy,
    }
}

impl Bench {
    fn named(&self, name: &str) -> TargetPath {
        let path = self.top.join(name);
        TargetPath {
            flag_path: path.clone(),
            host_path: path,
            slash: false,
        }
    }

    /// The flags that would allow it, without the path of the bench.
    fn flags(&self, attempt: &Attempt) -> Vec<String> {
        let place = format!("{}/", self.top.display());
        let refused = attempt.refused(&self.policy);
        refused.iter().map(|denial| denial.flag.replace(&place, "")).collect()
    }

    fn open(&self, name: &str, opening: OpenRequest) -> Vec<String> {
        self.flags(&Attempt::Open(self.named(name), opening))
    }
}

const READING: OpenRequest = OpenRequest {
    read: true,
    write: false,
    create: false,
    exclusive: false,
    directory: false,
    nameless: false,
    follow: true,
};
const WRITING: OpenRequest = OpenRequest {
    read: false,
    write: true,
    ..READING
};
const MAKING: OpenRequest = OpenRequest {
    create: true,
    ..WRITING
};

#[test]
fn reading_is_refused_where_no_rule_allows_it() {
    let bench = bench();
    assert_eq!(bench.open("open/file", READING), [""; 0]);
    assert_eq!(bench.open("closed/file", READING), ["--allow-read=closed/file"]);
    assert_eq!(bench.open("closed", READING), ["--allow-read=closed"]);
    assert_eq!(bench.open("out/file", READING), ["--allow-read=out/file"]);
    // A link counts as its target, wherever the link lies.
    symlink(bench.top.join("closed/file"), bench.top.join("open/out")).expect("linked");
    symlink(bench.top.join("open/file"), bench.top.join("closed/in")).expect("linked");
    assert_eq!(bench.open("open/out", READING), ["--allow-read=open/out"]);
    assert_eq!(bench.open("closed/in", READING), [""; 0]);
    assert_eq!(
        bench.open(
            "open/out",
            OpenRequest {
                follow: false,
                ..READING
            }
        ),
        [""; 0]
    );
}

#[test]
fn an_error_before_the_permission_check_is_not_a_refusal() {
    let bench = bench();
    assert_eq!(bench.open("closed/none", READING), [""; 0]);
    assert_eq!(bench.open("closed/none", WRITING), [""; 0]);
    assert_eq!(bench.open("none/none", MAKING), [""; 0]);
    assert_eq!(bench.open("closed/file/x", READING), [""; 0]);
    assert_eq!(bench.open("closed", WRITING), [""; 0]);
    assert_eq!(
        bench.open(
            "closed/file",
            OpenRequest {
                directory: true,
                ..READING
            }
        ),
        [""; 0]
    );
    assert_eq!(
        bench.open(
            "closed/file",
            OpenRequest {
                exclusive: true,
                ..MAKING
            }
        ),
        [""; 0]
    );
    assert_eq!(bench.flags(&Attempt::Make(bench.named("closed/file"))), [""; 0]);
    assert_eq!(bench.flags(&Attempt::Remove(bench.named("closed/none"))), [""; 0]);
    for mode in [0o000, 0o200] {
        let file = bench.top.join("closed/file");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("changed");
        assert_eq!(bench.open("closed/file", READING), [""; 0], "{mode:o}");
    }
}

#[test]
fn writing_names_the_file_that_is_there_and_else_its_directory() {
    let bench = bench();
    assert_eq!(bench.open("out/file", WRITING), [""; 0]);
    assert_eq!(bench.open("out/new", MAKING), [""; 0]);
    assert_eq!(bench.open("open/file", WRITING), ["--allow-write=open/file"]);
    assert_eq!(bench.open("open/new", MAKING), ["--allow-write=open"]);
    assert_eq!(
        bench.open("closed/file", OpenRequest { read: true, ..WRITING }),
        ["--allow-read=closed/file", "--allow-write=closed/file"]
    );
    // The file would be created, and could not be opened then.
    assert_eq!(
        bench.open("out/new", OpenRequest { read: true, ..MAKING }),
        ["--allow-read=out"]
    );
    assert_eq!(bench.open("both/new", OpenRequest { read: true, ..MAKING }), [""; 0]);
    // A file that is created through a link is created at the link's target.
    symlink(bench.top.join("closed/new"), bench.top.join("out/link")).expect("linked");
    let closed = format!("--allow-write={}", bench.top.join("closed").display());
    let refused = Attempt::Open(bench.named("out/link"), MAKING).refused(&bench.policy);
    assert_eq!(refused.iter().map(|denial| &denial.flag).collect::<Vec<_>>(), [&closed]);
}

#[test]
fn entries_belong_to_their_directory() {
    let bench = bench();
    for (name, flag) in [
        ("open/new", "--allow-write=open"),
        ("closed/sub/new", "--allow-write=closed/sub"),
    ] {
        assert_eq!(bench.flags(&Attempt::Make(bench.named(name))), [flag]);
    }
    assert_eq!(bench.flags(&Attempt::Make(bench.named("out/new"))), [""; 0]);
    assert_eq!(
        bench.flags(&Attempt::Remove(bench.named("open/file"))),
        ["--allow-write=open"]
    );
    assert_eq!(bench.flags(&Attempt::Remove(bench.named("out/file"))), [""; 0]);
    assert_eq!(
        bench.flags(&Attempt::Truncate(bench.named("open/file"))),
        ["--allow-write=open/file"]
    );
    assert_eq!(bench.flags(&Attempt::Truncate(bench.named("out/file"))), [""; 0]);
    let across = |from: &str, to: &str| Attempt::Move {
        from: bench.named(from),
        to: bench.named(to),
    };
    assert_eq!(
        bench.flags(&across("out/file", "both/new")),
        ["--allow-read=out"],
        "it would gain a right"
    );
    assert_eq!(bench.flags(&across("both/file", "out/new")), [""; 0]);
    assert_eq!(
        bench.flags(&across("open/file", "closed/new")),
        ["--allow-write=open", "--allow-write=closed"]
    );
    assert_eq!(bench.flags(&across("open/none", "closed/new")), [""; 0]);
    let link = |from: &str, to: &str| Attempt::Link {
        from: bench.named(from),
        to: bench.named(to),
    };
    assert_eq!(bench.flags(&link("out/file", "out/new")), [""; 0]);
    assert_eq!(bench.flags(&link("open/file", "out/file")), [""; 0], "it is there");
}
