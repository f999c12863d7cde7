//! One manager, many managers, and managers that died.

use super::*;
use crate::error::Code;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::thread;

/// The claims of one file appear as one name, without their unique digits.
fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(
            |name| match name.rsplit_once(".claim").and_then(|(rest, _)| rest.rsplit_once('.')) {
                Some((stem, _)) => format!("{stem}.claim"),
                None => name,
            },
        )
        .collect();
    names.sort();
    names.dedup();
    names
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn lies_in_the_project_with_its_hash_and_mode_and_goes_with_its_user() {
    let project = tempfile::tempdir().unwrap();
    let file = WorkerFile::write(project.path(), "abc", 0o640).unwrap();
    assert_eq!(
        file.hash(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(
        file.path(),
        project.path().join(".toolwarden/worker-ba7816bf8f01cfea.mjs")
    );
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "abc");
    assert_eq!(mode_of(file.path()), 0o640);
    let directory = project.path().join(DIRECTORY);
    assert_eq!(fs::read_to_string(directory.join(IGNORE_FILE)).unwrap(), "*\n");
    assert_eq!(mode_of(&directory.join(IGNORE_FILE)), 0o640);
    assert_eq!(mode_of(&directory), 0o750);
    drop(file);
    assert_eq!(names(project.path()), Vec::<String>::new());
}

#[test]
fn stays_until_its_last_user_closes() {
    let project = tempfile::tempdir().unwrap();
    let first = WorkerFile::write(project.path(), "same", 0o600).unwrap();
    let second = WorkerFile::write(project.path(), "same", 0o600).unwrap();
    let other = WorkerFile::write(project.path(), "other", 0o600).unwrap();
    drop(first);
    assert_eq!(fs::read_to_string(second.path()).unwrap(), "same");
    assert_eq!(fs::read_to_string(other.path()).unwrap(), "other");
    let path = second.path().to_owned();
    drop(second);
    assert!(!path.exists());
    assert_eq!(fs::read_to_string(other.path()).unwrap(), "other");
}

#[test]
fn other_content_mode_or_kind_under_its_name_is_repaired() {
    let project = tempfile::tempdir().unwrap();
    let file = WorkerFile::write(project.path(), "right", 0o600).unwrap();
    let elsewhere = project.path().join("elsewhere");
    fs::write(&elsewhere, "right").unwrap();
    let damages: [&dyn Fn(&Path); 4] = [
        &|path| fs::write(path, "wrong").unwrap(),
        &|path| fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap(),
        &|path| fs::remove_file(path).unwrap(),
        &|path| {
            fs::remove_file(path).unwrap();
            symlink(&elsewhere, path).unwrap();
        },
    ];
    for damage in damages {
        damage(file.path());
        let again = WorkerFile::write(project.path(), "right", 0o600).unwrap();
        assert_eq!(fs::read_to_string(again.path()).unwrap(), "right");
        let found = fs::symlink_metadata(again.path()).unwrap();
        assert!(found.is_file());
        assert_eq!(found.mode() & 0o7777, 0o600);
    }
}

#[test]
fn files_of_dead_managers_go_when_another_opens_and_strangers_stay() {
    let project = tempfile::tempdir().unwrap();
    let directory = project.path().join(DIRECTORY);
    fs::create_dir(&directory).unwrap();
    for name in [
        "worker-0123456789abcdef.mjs",
        "worker-0123456789abcdef.lock",
        "worker-fedcba9876543210.mjs",
        "worker-00112233445566ff.mjs",
        "worker-00112233445566ff.0123456789abcdef.claim",
        "worker-00112233445566ff-0123456789abcdef.js.jsc",
        "worker-fedcba9876543210.0123456789abcdef.claim",
        ".new-x",
    ] {
        fs::write(directory.join(name), "left behind").unwrap();
    }
    fs::write(directory.join("worker-notes.mjs"), "not ours").unwrap();
    let file = WorkerFile::write(project.path(), "abc", 0o600).unwrap();
    assert_eq!(
        names(&directory),
        [
            IGNORE_FILE,
            "worker-ba7816bf8f01cfea.claim",
            "worker-ba7816bf8f01cfea.mjs",
            "worker-notes.mjs"
        ]
    );
    drop(file);
    assert_eq!(names(&directory), [IGNORE_FILE, "worker-notes.mjs"]);
}

#[test]
fn a_directory_that_cannot_be_written_is_a_configuration_error() {
    let project = tempfile::tempdir().unwrap();
    fs::write(project.path().join(DIRECTORY), "a file in the way").unwrap();
    for working_dir in [project.path(), Path::new("/proc/self/nowhere")] {
        let error = WorkerFile::write(working_dir, "abc", 0o600).unwrap_err();
        assert_eq!(error.code, Code::ConfigInvalid);
        assert_eq!(error.context.problems[0].field, "workingDir");
        assert!(std::error::Error::source(&*error).unwrap().is::<io::Error>());
    }
}

#[test]
fn the_hint_depends_on_the_error() {
    let hint = |errno| {
        let error = cannot_write(Path::new("/project/.toolwarden"), io::Error::from_raw_os_error(errno));
        assert!(error.message.contains("/project/.toolwarden"), "{error}");
        (error.code, error.hint.unwrap())
    };
    for errno in [libc::ENOSPC, libc::EDQUOT, libc::EFBIG] {
        assert_eq!(hint(errno), (Code::ConfigInvalid, hints::WORKING_DIR_FULL.to_owned()));
    }
    for errno in [libc::EACCES, libc::EROFS, libc::EPERM] {
        assert_eq!(
            hint(errno),
            (Code::ConfigInvalid, hints::WORKING_DIR_READ_ONLY.to_owned())
        );
    }
    for errno in [libc::EMFILE, libc::ENFILE] {
        let (code, hint) = hint(errno);
        assert!(code == Code::WorkerStart && hint.contains("limit"), "{hint}");
    }
}

#[test]
fn a_changed_or_removed_file_is_written_again_before_it_runs() {
    let project = tempfile::tempdir().unwrap();
    let mut file = WorkerFile::write(project.path(), "right", 0o600).unwrap();
    let directory = project.path().join(DIRECTORY);
    let changes: [&dyn Fn(&Path); 5] = [
        &|_| {},
        &|path| fs::write(path, "wrong").unwrap(),
        &|path| fs::remove_file(path).unwrap(),
        &|path| fs::hard_link(path, path.with_extension("x")).unwrap(),
        &|_| fs::remove_dir_all(&directory).unwrap(),
    ];
    for change in changes {
        change(file.path());
        file.check(|| "right".to_owned(), true).unwrap();
        let found = fs::symlink_metadata(file.path()).unwrap();
        assert_eq!(
            (fs::read_to_string(file.path()).unwrap().as_str(), found.nlink()),
            ("right", 1)
        );
    }
    let inode = fs::metadata(file.path()).unwrap().ino();
    file.check(|| panic!("nothing is to be written"), true).unwrap();
    assert_eq!(fs::metadata(file.path()).unwrap().ino(), inode);
    fs::rename(&directory, project.path().join("moved")).unwrap();
    let error = file.check(|| "right".to_owned(), false).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ESTALE));
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    let error = file.check(|| "right".to_owned(), true).unwrap_err();
    assert!(UntrustedPath::of(&error).is_some(), "{error}");
}

#[test]
fn a_stopped_remover_delays_others_only_briefly() {
    let project = tempfile::tempdir().unwrap();
    let keeper = WorkerFile::write(project.path(), "other", 0o600).unwrap();
    let directory = Directory::open(project.path()).unwrap();
    let of = stem(&hex(&Sha256::digest(b"same")));
    let removal = Claim::for_removal(&directory, &of, 0o600).unwrap();
    let file = WorkerFile::write(project.path(), "same", 0o600).unwrap();
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "same");
    // The sweep looks for claims only now, and leaves the file alone.
    sweep(&directory, 0o600);
    assert!(file.path().is_file());
    drop((removal, keeper, file));
    assert_eq!(names(project.path()), Vec::<String>::new());
}

/// Managers open and close all the time; each sees its complete file for as long as it is open.
fn open_and_close(project: &Path, rounds: usize, seed: usize) {
    for round in 0..rounds {
        let source = "x".repeat(1 + (seed + round) % 2 * 10_000);
        let file = WorkerFile::write(project, &source, 0o600).unwrap();
        for _ in 0..3 {
            assert_eq!(fs::read_to_string(file.path()).unwrap(), source);
            thread::yield_now();
        }
    }
}

#[test]
fn managers_in_threads_never_see_a_half_file_or_none() {
    let project = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for seed in 0..4 {
            let project = project.path();
            scope.spawn(move || open_and_close(project, 150, seed));
        }
    });
    assert_eq!(names(project.path()), Vec::<String>::new());
}

/// The variable that names the directory in which a process started by the test below works.
const RACE_DIRECTORY: &str = "STORE_TEST_RACE_DIRECTORY";

#[test]
fn managers_in_processes_never_see_a_half_file_or_none() {
    if let Some(project) = std::env::var_os(RACE_DIRECTORY) {
        open_and_close(Path::new(&project), 150, std::process::id() as usize);
        return;
    }
    let project = tempfile::tempdir().unwrap();
    let name = "worker::store::tests::managers_in_processes_never_see_a_half_file_or_none";
    let children: Vec<_> = (0..3)
        .map(|_| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name])
                .env(RACE_DIRECTORY, project.path())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(names(project.path()), Vec::<String>::new());
}

#[test]
fn a_manager_that_was_killed_leaves_nothing_that_stays() {
    const HOLD: &str = "STORE_TEST_HOLD_DIRECTORY";
    if let Some(project) = std::env::var_os(HOLD) {
        let _file = WorkerFile::write(Path::new(&project), "of the dead", 0o600).unwrap();
        // The parent reads this byte, then kills this process.
        io::stderr().write_all(b"!").unwrap();
        loop {
            thread::park();
        }
    }
    let project = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "worker::store::tests::a_manager_that_was_killed_leaves_nothing_that_stays",
        ])
        .env(HOLD, project.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut byte = [0];
    child.stderr.take().unwrap().read_exact(&mut byte).unwrap();
    let directory = project.path().join(DIRECTORY);
    let survivor = WorkerFile::write(project.path(), "of the living", 0o600).unwrap();
    assert_eq!(names(&directory).len(), 5, "the file of a living manager stays");
    child.kill().unwrap();
    child.wait().unwrap();
    let next = WorkerFile::write(project.path(), "of the living", 0o600).unwrap();
    assert_eq!(names(&directory).len(), 3, "the file of the dead one is gone");
    drop((survivor, next));
    assert_eq!(names(project.path()), Vec::<String>::new());
}

#[test]
fn a_project_that_cannot_be_written_has_its_worker_file_in_a_private_directory() {
    // The kernel's own file system, where nobody can make files.
    let unwritable = Path::new("/sys/kernel");
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().canonicalize().unwrap();
    assert_eq!(
        WorkerFile::write(unwritable, "abc", 0o600).unwrap_err().code,
        Code::ConfigInvalid
    );
    let mut file = WorkerFile::write_at_home(unwritable, &[&place], "abc", 0o600).unwrap();
    let home = file.home().to_owned();
    assert_eq!(home.parent(), Some(place.as_path()));
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "abc");
    fs::remove_dir_all(&home).unwrap();
    assert!(file.check(|| "abc".to_owned(), true).unwrap(), "made again");
    drop(file);
    assert!(!home.exists(), "an idle user has none of our files");
}
