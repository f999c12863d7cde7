//! Bundles are found, replaced, shared and swept.
#![expect(clippy::disallowed_methods, reason = "tests make the files they look at")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use super::*;
use crate::worker::WorkerFile;
use crate::worker::sweep::sweep;

struct Project {
    root: tempfile::TempDir,
    /// Keeps the directory in use, as a manager does.
    worker: Option<WorkerFile>,
}

impl Project {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("tools.ts"), "1").unwrap();
        fs::write(root.path().join("bun"), "").unwrap();
        let worker = WorkerFile::write(root.path(), "worker", 0o600).unwrap();
        Self {
            root,
            worker: Some(worker),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn store(&self) -> BundleStore {
        BundleStore::new(self.root.path(), &self.path("tools.ts"), &self.path("bun"), 0o640)
    }

    fn put(&self, text: &str) -> Bundle {
        let files = files(text);
        let manifest = self.manifest(Verdict::Bundled(BundleStore::hash(&files)));
        self.store().put(&files, &manifest).unwrap().1
    }

    fn manifest(&self, verdict: Verdict) -> Manifest {
        let later = SystemTime::now() + Duration::from_secs(5);
        let inputs = [self.path("tools.ts")];
        Manifest::take(&inputs[0], &self.path("bun"), &inputs, verdict, later).unwrap()
    }

    fn sweep(&self) {
        sweep(&Directory::open(self.root.path()).unwrap(), 0o600);
    }

    /// The names of bundles' files, without the slot.
    fn kept(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(DIRECTORY))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(PREFIX))
            .collect();
        names.sort();
        names
    }
}

fn files(text: &str) -> BundleFiles {
    BundleFiles {
        code: text.into(),
        map: b"map".to_vec(),
        bytecode: b"bytecode".to_vec(),
    }
}

#[test]
fn a_bundle_is_found_until_its_entrypoint_changes() {
    let project = Project::new();
    assert!(project.store().find().is_none());
    let bundle = project.put("code");
    let path = PathBuf::from(bundle.url().strip_prefix("file://").unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "code");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    for suffix in ["jsc", "map"] {
        assert!(path.with_extension(format!("js.{suffix}")).is_file());
    }
    drop(bundle);
    let (manifest, found) = project.store().find().unwrap();
    assert_eq!(found.unwrap().path, path);
    fs::write(project.path("tools.ts"), "22").unwrap();
    assert!(!manifest.is_current());
    assert!(project.store().find().is_none());
}

#[test]
fn a_bundle_that_was_touched_is_not_used() {
    let project = Project::new();
    let bundle = project.put("code");
    fs::write(&bundle.path, "evil").unwrap();
    assert!(project.store().find().is_none());
    let again = project.put("code");
    assert_eq!(again.path, bundle.path);
    assert_eq!(fs::read_to_string(&again.path).unwrap(), "code");
    assert!(project.store().find().is_some());
}

#[test]
fn a_refusal_is_known_too() {
    let project = Project::new();
    let refusal = Verdict::Refused("why".into());
    project
        .store()
        .put_manifest(&project.manifest(refusal.clone()))
        .unwrap();
    let (manifest, bundle) = project.store().find().unwrap();
    assert_eq!(manifest.verdict(), &refusal);
    assert!(bundle.is_none());
}

#[test]
fn the_same_bundle_put_twice_stays_the_same_file() {
    let project = Project::new();
    let first = project.put("code");
    let (manifest, _) = project.store().find().unwrap();
    let second = project.put("code");
    assert_eq!(first.path, second.path);
    assert!(manifest.is_current());
}

#[test]
fn an_old_bundle_goes_when_its_last_user_does_and_the_new_one_stays() {
    let mut project = Project::new();
    let old = project.put("old");
    let old_path = old.path.clone();
    let new = project.put("new");
    project.sweep();
    assert!(old_path.is_file(), "still in use");
    drop(old);
    project.sweep();
    assert!(!old_path.exists());
    let new_path = new.path.clone();
    drop(new);
    project.worker = None;
    assert!(new_path.is_file(), "kept for the next manager");
    assert_eq!(project.kept().len(), 4);
    let _again = WorkerFile::write(project.root.path(), "worker", 0o600).unwrap();
    assert!(project.store().find().is_some());
}

#[test]
fn bundles_of_a_missing_entrypoint_are_removed() {
    let mut project = Project::new();
    drop(project.put("code"));
    fs::remove_file(project.path("tools.ts")).unwrap();
    project.worker = None;
    assert!(!project.path(DIRECTORY).exists());
}

#[test]
fn strangers_stay() {
    let project = Project::new();
    let names = [
        "bundle-notes.json",
        "bundle-0123456789abcdef.txt",
        "bundle-0123456789abcdef-x.js",
        "bundle.js",
    ];
    for name in names {
        fs::write(project.path(DIRECTORY).join(name), "").unwrap();
    }
    project.sweep();
    for name in names {
        assert!(project.path(DIRECTORY).join(name).is_file(), "{name}");
    }
}

#[test]
fn managers_in_threads_find_a_whole_bundle_or_none() {
    let project = Project::new();
    std::thread::scope(|scope| {
        for seed in 0..4_usize {
            let project = &project;
            scope.spawn(move || {
                for round in 0..60 {
                    if (round + seed) % 3 == 0 {
                        drop(project.put(if (round + seed) % 2 == 0 { "one" } else { "two" }));
                        project.sweep();
                    }
                    if let Some((_, Some(bundle))) = project.store().find() {
                        let text = fs::read_to_string(&bundle.path).unwrap();
                        assert!(text == "one" || text == "two", "{text}");
                        assert!(bundle.path.with_extension("js.jsc").is_file());
                    }
                }
            });
        }
    });
}
