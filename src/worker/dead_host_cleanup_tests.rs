use std::fs;

use super::super::store::WorkerFile;
use super::*;

const SOURCE: &str = "// a worker";

/// Behaves as if the host of the files had been killed: their locks are released.
fn killed(file: WorkerFile) -> DeadHostCleanup {
    let cleanup = file.dead_host_cleanup().expect("a claim");
    let claim = file.claim_path().expect("a claim");
    let kept = fs::read(file.path()).expect("the worker file");
    let path = file.path().to_owned();
    let ignored = path.with_file_name(IGNORE_FILE);
    drop(file);
    fs::create_dir_all(path.parent().expect("a directory")).expect("made");
    fs::write(&path, kept).expect("written");
    fs::write(ignored, "*\n").expect("written");
    fs::write(claim, "").expect("written");
    cleanup
}

#[test]
fn everything_of_a_killed_host_goes() {
    let project = tempfile::tempdir().expect("a directory");
    let cleanup = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
    let compiled = project.path().join(format!(
        ".toolwarden/{}-0123456789abcdef.js.jsc",
        cleanup.stem.to_string_lossy()
    ));
    fs::write(compiled, "").expect("written");
    cleanup.disclaim();
    cleanup.remove();
    assert_eq!(fs::read_dir(project.path()).expect("read").count(), 0);
}

#[test]
fn files_that_the_killed_host_was_writing_are_removed() {
    use std::os::unix::fs::PermissionsExt;
    let project = tempfile::tempdir().expect("a directory");
    let remains = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
    let directory = project.path().join(".toolwarden");
    let unfinished = directory.join(format!("{}AbCdEfGh", temporary_prefix().expect("random bytes")));
    fs::write(&unfinished, "").expect("written");
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o0)).expect("changed");
    let digits = "0123456789abcdef";
    fs::write(directory.join(format!("worker-{digits}.{digits}.removal")), "").expect("written");
    remains.disclaim();
    remains.remove();
    assert_eq!(fs::read_dir(project.path()).expect("read").count(), 0);
}

#[test]
fn files_that_another_host_is_writing_or_removing_stay() {
    use super::super::lock;
    let project = tempfile::tempdir().expect("a directory");
    let remains = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
    let directory = project.path().join(".toolwarden");
    let digits = "0123456789abcdef";
    let announced = fs::File::create(directory.join(format!("worker-{digits}.{digits}.removal"))).expect("made");
    lock::hold(&announced).expect("locked");
    fs::write(directory.join(format!("{TEMPORARY_PREFIX}{digits}-AbCdEfGh")), "").expect("written");
    remains.disclaim();
    remains.remove();
    assert_eq!(fs::read_dir(&directory).expect("read").count(), 3);
}

#[test]
fn an_announcement_whose_lock_outlives_the_end_of_the_host_is_removed() {
    use super::super::lock;
    let project = tempfile::tempdir().expect("a directory");
    let remains = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
    let directory = project.path().join(".toolwarden");
    let digits = "0123456789abcdef";
    let announced = fs::File::create(directory.join(format!("worker-{digits}.{digits}.removal"))).expect("made");
    lock::hold(&announced).expect("locked");
    let own = directory.join(remains.removal.to_str().expect("text"));
    remains.disclaim();
    std::thread::scope(|scope| {
        let cleaning = scope.spawn(|| remains.remove());
        // It has come to the files of others once the worker file and its own announcement are gone.
        let worker = directory.join(format!("{}.mjs", remains.stem.to_str().expect("text")));
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while (own.exists() || worker.exists()) && !cleaning.is_finished() && std::time::Instant::now() < end {
            std::thread::yield_now();
        }
        drop(announced);
        cleaning.join().expect("removed");
    });
    assert_eq!(fs::read_dir(project.path()).expect("read").count(), 0);
}

#[test]
fn files_of_another_manager_stay() {
    let project = tempfile::tempdir().expect("a directory");
    let cleanup = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
    let other = WorkerFile::write(project.path(), SOURCE, 0o600).expect("written");
    cleanup.disclaim();
    cleanup.remove();
    assert_eq!(fs::read_to_string(other.path()).expect("there"), SOURCE);
    assert_eq!(
        fs::read_dir(project.path().join(".toolwarden")).expect("read").count(),
        3
    );
    drop(other);
    assert_eq!(fs::read_dir(project.path()).expect("read").count(), 0);
}

#[test]
fn strangers_files_stay_and_their_directory_is_not_touched() {
    use std::os::unix::fs::PermissionsExt;
    let project = tempfile::tempdir().expect("a directory");
    let cleanup = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
    let directory = project.path().join(".toolwarden");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("changed");
    cleanup.remove();
    assert_eq!(fs::read_dir(&directory).expect("read").count(), 3);
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("changed");
    fs::write(directory.join("notes.txt"), "mine").expect("written");
    cleanup.disclaim();
    cleanup.remove();
    let mut left: Vec<_> = fs::read_dir(&directory)
        .expect("read")
        .map(|entry| entry.expect("read").file_name())
        .collect();
    left.sort();
    assert_eq!(left, [".gitignore", "notes.txt"]);
}
