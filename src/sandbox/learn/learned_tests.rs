use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::sandbox::policy::Disk;

/// A project with files, in which tools did something.
struct Project {
    directory: tempfile::TempDir,
    activity: Activity,
}

impl Project {
    fn with(files: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "").expect("written");
        }
        Self {
            directory,
            activity: Activity::default(),
        }
    }

    fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().expect("there")
    }

    fn reads(mut self, names: &[&str]) -> Self {
        for name in names {
            self.activity.note(Need::Read(self.root().join(name)));
        }
        self
    }

    fn writes(mut self, name: &str) -> Self {
        self.activity.note(Need::Write(self.root().join(name)));
        self
    }

    fn creates(mut self, name: &str) -> Self {
        self.activity.created(self.root().join(name));
        self
    }

    fn does(mut self, need: Need) -> Self {
        self.activity.note(need);
        self
    }

    fn learned(&self) -> Learned {
        let root = self.root();
        Learned::of(
            &self.activity,
            &Surroundings {
                files: &Disk,
                working_dir: &root.join("project"),
                home: None,
                path_var: &root.join("bin").to_string_lossy(),
                plan: &|_| None,
                is_needed_variable: &|name| name != "CI",
            },
        )
    }

    /// Flags with paths relative to the directory.
    fn flags(&self) -> Vec<String> {
        self.learned().permissions.to_relative_flags(&self.root())
    }

    fn left_out(&self) -> Vec<String> {
        self.learned().left_out.to_relative_flags(&self.root())
    }
}

#[test]
fn more_than_a_few_files_are_their_directory() {
    let names = ["data/a", "data/b", "data/c", "data/d"];
    assert_eq!(Project::with(&names).reads(&names).flags(), ["--allow-read=./data"]);
    let few = Project::with(&names).reads(&names[..3]);
    assert_eq!(few.flags(), ["--allow-read=./data/a,./data/b,./data/c"]);
}

#[test]
fn a_directory_with_a_secret_that_was_not_read_does_not_stand_for_its_files() {
    let files = ["data/a", "data/b", "data/c", "data/d", "data/.env"];
    let beside = Project::with(&files).reads(&files[..4]);
    assert_eq!(beside.flags(), ["--allow-read=./data/a,./data/b,./data/c,./data/d"]);
    let read = Project::with(&files).reads(&files);
    assert_eq!(read.flags(), ["--allow-read=./data"]);
    assert!(
        read.learned().notices[0].contains(".env looks like a secret"),
        "{:?}",
        read.learned().notices
    );
}

#[test]
fn what_was_created_is_named_by_the_directory_that_was_there() {
    let made = Project::with(&["out/x"])
        .creates("out/tmp-1")
        .creates("out/tmp-1/deep")
        .writes("out")
        .writes("out/tmp-1")
        .reads(&["out/tmp-1/deep/file"]);
    assert_eq!(made.flags(), ["--allow-read=./out", "--allow-write=./out"]);
    let gone = Project::with(&["out/x"]).reads(&["out/gone/file"]);
    assert_eq!(gone.flags(), ["--allow-read=./out"]);
}

#[test]
fn a_file_that_is_moved_to_where_it_can_be_read_can_be_read_before() {
    let moved = |project: Project, from: &str, to: &str| {
        let (from, to) = (project.root().join(from), project.root().join(to));
        project.does(Need::Move { from, to })
    };
    let files = ["a/x", "b/x", "c/x"];
    let project = moved(moved(Project::with(&files), "a", "b"), "b", "c")
        .reads(&["c/y"])
        .creates("c/y");
    assert_eq!(project.flags(), ["--allow-read=./a,./b,./c"]);
    let unread = moved(Project::with(&files), "a", "b");
    assert_eq!(unread.flags(), [""; 0]);
}

#[test]
fn a_program_is_a_name_where_path_finds_it_and_once_whatever_its_names_are() {
    let project = Project::with(&["bin/tool", "elsewhere/other"]);
    let (tool, other) = (project.root().join("bin/tool"), project.root().join("elsewhere/other"));
    for program in [&tool, &other] {
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("set");
    }
    let same = project.root().join("elsewhere/same");
    fs::hard_link(&tool, &same).expect("linked");
    let run = |real: &PathBuf| Need::Run {
        called: real.clone(),
        real: real.clone(),
    };
    let project = project.does(run(&tool)).does(run(&same)).does(run(&other));
    let flags = project.learned().permissions.run;
    let Scope::Only(programs) = flags else {
        panic!("{flags:?}")
    };
    assert_eq!(
        programs.into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from(["tool".to_owned(), text(&other)])
    );
}

#[test]
fn what_programs_do_without_is_told_and_no_flag() {
    let project = Project::with(&["data/a"])
        .reads(&["data/a"])
        .does(Need::Read("/usr/bin/ldd".into()))
        .does(Need::Env("CI".to_owned()))
        .does(Need::Env("USER".to_owned()))
        .does(Need::Env("KEY".to_owned()));
    assert_eq!(project.flags(), ["--allow-read=./data/a", "--allow-env=KEY"]);
    assert_eq!(project.left_out(), ["--allow-read=/usr/bin/ldd", "--allow-env=CI,USER"]);
}

#[test]
fn what_given_permissions_do_not_allow_is_beyond_them() {
    let project = Project::with(&["data/a"])
        .reads(&["data/a"])
        .does(Need::Connect {
            to: "10.0.0.1:443".parse().expect("an address"),
            names: BTreeSet::from(["api.test".to_owned()]),
        })
        .does(Need::Env("KEY".to_owned()));
    let learned = project.learned();
    let beyond = |flags: &[&str]| {
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let allowed = Permissions::from_bun_flags(&flags).expect("valid");
        let beyond = learned.beyond(&allowed, None, Path::new("/"));
        beyond.to_relative_flags(&project.root())
    };
    assert_eq!(
        beyond(&[]),
        ["--allow-read=./data/a", "--allow-net=api.test:443", "--allow-env=KEY"]
    );
    for net in [
        "--allow-net=api.test:443",
        "--allow-net=api.test",
        "--allow-net=10.0.0.1",
        "--allow-net",
    ] {
        assert_eq!(beyond(&[net, "--allow-env=K*"]), ["--allow-read=./data/a"], "{net}");
    }
    assert_eq!(beyond(&["--allow-all"]), [""; 0]);
}
