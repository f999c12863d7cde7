//! Where bundles are kept: `<workingDir>/.toolwarden/`, beside the worker files and under the same rules (see `store.rs`).
//!
//! | file | what |
//! |---|---|
//! | `bundle-<slot>.json` | the manifest of one entrypoint and runtime; renamed into place last, so what it names is whole |
//! | `bundle-<slot>-<hash>.js`, `.js.jsc`, `.js.map` | a bundle, its bytecode and its source map |
//! | `bundle-<slot>-<hash>.lock` | held shared by every manager that uses the bundle |
//!
//! Unlike a worker file a bundle stays when nobody uses it: the next manager begins with it. It goes when its manifest no
//! longer names it, and the manifest goes with its entrypoint.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::{Manifest, Verdict};
use super::reply::BundleFiles;
use crate::worker::render::file_url;
use crate::worker::store::{DIRECTORY, hex, holds, is_at, is_hash, lock_path, open_lock, put, remove_unused};

const PREFIX: &str = "bundle-";
/// Bun looks for bytecode and map under these names.
const SUFFIXES: [&str; 3] = [".js", ".js.jsc", ".js.map"];
/// Each lost round means that another manager swept in just that moment.
const ROUNDS: u32 = 100;

/// The place of one entrypoint's bundle.
#[derive(Debug, Clone)]
pub struct Shelf {
    directory: PathBuf,
    entrypoint: PathBuf,
    slot: String,
    mode: u32,
}

/// A bundle that stays while this does.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    _lock: File,
}

impl Bundle {
    /// `file:` URL of the module.
    pub fn url(&self) -> String {
        file_url(&self.path)
    }
}

impl Shelf {
    /// For this entrypoint when run by that runtime; both absolute.
    pub fn new(working_dir: &Path, entrypoint: &Path, runtime: &Path, mode: u32) -> Self {
        let mut hash = Sha256::new();
        for path in [entrypoint, runtime] {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
        }
        // Managers that want other modes would replace each other's files for ever.
        hash.update(mode.to_le_bytes());
        Self {
            directory: working_dir.join(DIRECTORY),
            entrypoint: entrypoint.to_owned(),
            slot: format!("{PREFIX}{}", &hex(&hash.finalize())[..16]),
            mode,
        }
    }

    /// What is known, where that still holds; with a verdict of "bundled" comes the bundle.
    pub fn find(&self) -> Option<(Manifest, Option<Bundle>)> {
        let text = fs::read(self.manifest_path()).ok()?;
        let manifest = Manifest::read(&text, Some(&self.entrypoint)).filter(Manifest::holds)?;
        let bundle = match manifest.verdict() {
            Verdict::Bundled(hash) => Some(self.lock(hash).ok()?),
            Verdict::Refused(_) => None,
        };
        // Once more, now that it is locked: it may have been swept in between.
        manifest.holds().then_some((manifest, bundle))
    }

    /// Puts a new bundle where the next manager finds it.
    pub fn put(&self, files: &BundleFiles, manifest: &Manifest) -> io::Result<(Manifest, Bundle)> {
        let mut round = 0;
        loop {
            round += 1;
            match self.try_put(files, manifest.clone()) {
                // A sweeping manager was faster than a lock.
                Err(error) if error.kind() == io::ErrorKind::NotFound && round < ROUNDS => {}
                other => return other,
            }
        }
    }

    fn try_put(&self, files: &BundleFiles, manifest: Manifest) -> io::Result<(Manifest, Bundle)> {
        let hash = Self::hash(files);
        let bundle = self.lock(&hash)?;
        let mut paths = Vec::new();
        for (suffix, content) in SUFFIXES.iter().zip([&files.code, &files.bytecode, &files.map]) {
            let path = self.directory.join(format!("{}-{hash}{suffix}", self.slot));
            // The same file under another manager must stay the same inode.
            if !holds(&path, content, Some(self.mode)) {
                put(&self.directory, &path, content, self.mode)?;
            }
            paths.push(path);
        }
        let manifest = manifest.with_outputs(paths);
        self.put_manifest(&manifest)?;
        Ok((manifest, bundle))
    }

    /// Makes known what was found.
    pub fn put_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        put(&self.directory, &self.manifest_path(), manifest.text(), self.mode)
    }

    /// What a manifest calls these files.
    pub fn hash(files: &BundleFiles) -> String {
        let mut hash = Sha256::new();
        for file in [&files.code, &files.bytecode, &files.map] {
            hash.update((file.len() as u64).to_le_bytes());
            hash.update(file);
        }
        hex(&hash.finalize())[..16].to_owned()
    }

    fn manifest_path(&self) -> PathBuf {
        self.directory.join(format!("{}.json", self.slot))
    }

    fn lock(&self, hash: &str) -> io::Result<Bundle> {
        let stem = format!("{}-{hash}", self.slot);
        let lock = open_lock(&self.directory, &stem, self.mode)?;
        lock.lock_shared()?;
        if !is_at(&lock, &lock_path(&self.directory, &stem)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Bundle {
            path: self.directory.join(format!("{stem}.js")),
            _lock: lock,
        })
    }
}

/// Removes the manifests of entrypoints that are gone, and bundles that no manifest names and nobody uses.
pub(in crate::worker) fn sweep(directory: &Path, mode: u32) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let mut named = Vec::new();
    for slot in names.iter().filter_map(|name| manifest_slot(name)) {
        let path = directory.join(format!("{slot}.json"));
        let manifest = fs::read(&path).ok().and_then(|text| Manifest::read(&text, None));
        match manifest
            .filter(Manifest::has_entrypoint)
            .map(|manifest| manifest.verdict().clone())
        {
            Some(Verdict::Bundled(hash)) => named.push(format!("{slot}-{hash}")),
            Some(Verdict::Refused(_)) => {}
            None => {
                let _ = fs::remove_file(path);
            }
        }
    }
    for stem in names.iter().filter_map(|name| bundle_stem(name)) {
        if !named.iter().any(|name| name == stem) {
            remove_unused(directory, stem, &SUFFIXES, mode);
        }
    }
}

fn manifest_slot(name: &str) -> Option<&str> {
    let slot = name.strip_suffix(".json")?;
    is_hash(slot.strip_prefix(PREFIX)?).then_some(slot)
}

/// `bundle-<slot>-<hash>` of that name; nothing else is ours to remove.
fn bundle_stem(name: &str) -> Option<&str> {
    let stem = [".lock"]
        .iter()
        .chain(&SUFFIXES)
        .find_map(|suffix| name.strip_suffix(suffix))?;
    let (slot, hash) = stem.strip_prefix(PREFIX)?.split_once('-')?;
    (is_hash(slot) && is_hash(hash)).then_some(stem)
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
