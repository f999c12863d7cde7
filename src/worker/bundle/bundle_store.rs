//! Stores bundles in `<workingDir>/.toolwarden/`, beside the worker files and under the same rules (see `store.rs`).
//!
//! | file | what |
//! |---|---|
//! | `bundle-<slot>.json` | the manifest of one entrypoint and runtime; renamed into place last, so the files it names are complete |
//! | `bundle-<slot>-<hash>.js`, `.js.jsc`, `.js.map` | a bundle, its bytecode and its source map |
//! | `bundle-<slot>-<hash>.<digits>.claim` | one for each manager that uses the bundle |
//!
//! Unlike a worker file a bundle stays when nobody uses it, so the next manager can start with it. It is removed when
//! its manifest no longer names it, and the manifest is removed with its entrypoint.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::{Manifest, Verdict};
use super::reply::BundleFiles;
use crate::worker::claim::Claim;
use crate::worker::directory::{DIRECTORY, Directory};
use crate::worker::names::{LOCK, hex, is_hash};
use crate::worker::render::file_url;
use crate::worker::trust::for_us_to_write;

const PREFIX: &str = "bundle-";
/// Bun looks for bytecode and source map under these names.
const SUFFIXES: [&str; 3] = [".js", ".js.jsc", ".js.map"];
/// Each failed round means that another manager swept at that moment.
const ROUNDS: u32 = 100;

/// The storage of one entrypoint's bundle.
#[derive(Debug, Clone)]
pub struct BundleStore {
    working_dir: PathBuf,
    entrypoint: PathBuf,
    slot: String,
    mode: u32,
}

/// A bundle whose files stay while this exists.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    _claim: Claim,
}

impl Bundle {
    /// `file:` URL of the module.
    pub fn url(&self) -> String {
        file_url(&self.path)
    }
}

impl BundleStore {
    /// For this entrypoint and this runtime, both absolute.
    pub fn new(working_dir: &Path, entrypoint: &Path, runtime: &Path, mode: u32) -> Self {
        let mut hash = Sha256::new();
        for path in [entrypoint, runtime] {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
        }
        // Managers with different modes would otherwise replace each other's files for ever.
        hash.update(mode.to_le_bytes());
        Self {
            working_dir: working_dir.to_owned(),
            entrypoint: entrypoint.to_owned(),
            slot: format!("{PREFIX}{}", &hex(&hash.finalize())[..16]),
            // Others may be allowed to write the worker file, but nobody checks whether bytecode still matches its
            // text.
            mode: for_us_to_write(mode),
        }
    }

    /// The manifest, if it is still valid, with the bundle if its verdict is "bundled".
    pub fn find(&self) -> Option<(Manifest, Option<Bundle>)> {
        let directory = Directory::open(&self.working_dir).ok()?;
        let text = directory.read_private(&self.manifest_name()).ok()?;
        let manifest = Manifest::read(&text, Some(&self.entrypoint)).filter(Manifest::is_current)?;
        let bundle = match manifest.verdict() {
            Verdict::Bundled(hash) => Some(self.claim(&directory, hash).ok()?),
            Verdict::Refused(_) => None,
        };
        if let Verdict::Bundled(hash) = manifest.verdict() {
            for suffix in SUFFIXES {
                directory.private(&self.file_name(hash, suffix)).ok()?;
            }
        }
        // Checked again now that the bundle is claimed: it may have been swept in between.
        manifest.is_current().then_some((manifest, bundle))
    }

    /// Stores a new bundle where the next manager finds it.
    pub fn put(&self, files: &BundleFiles, manifest: &Manifest) -> io::Result<(Manifest, Bundle)> {
        let mut round = 0;
        loop {
            round += 1;
            match self.try_put(files, manifest.clone()) {
                // Another manager swept before the files were claimed.
                Err(error) if error.kind() == io::ErrorKind::NotFound && round < ROUNDS => {}
                other => return other,
            }
        }
    }

    fn try_put(&self, files: &BundleFiles, manifest: Manifest) -> io::Result<(Manifest, Bundle)> {
        let directory = Directory::open(&self.working_dir)?;
        let hash = Self::hash(files);
        let bundle = self.claim(&directory, &hash)?;
        let mut names = Vec::new();
        for (suffix, content) in SUFFIXES.iter().zip([&files.code, &files.bytecode, &files.map]) {
            let name = self.file_name(&hash, suffix);
            // A file with the same content from another manager keeps its inode.
            directory.place(&name, content, self.mode)?;
            names.push(name);
        }
        let paths = names.iter().map(|name| directory.path().join(name)).collect();
        let manifest = manifest.with_outputs(paths);
        // A manifest must not record the absence of a file that was swept in between.
        for name in &names {
            directory.private(name)?;
        }
        directory.put(&self.manifest_name(), manifest.text().as_bytes(), self.mode)?;
        Ok((manifest, bundle))
    }

    /// Stores a manifest without a bundle.
    pub fn put_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        let directory = Directory::open(&self.working_dir)?;
        directory.put(&self.manifest_name(), manifest.text().as_bytes(), self.mode)?;
        Ok(())
    }

    /// The hash by which a manifest names these files.
    pub fn hash(files: &BundleFiles) -> String {
        let mut hash = Sha256::new();
        for file in [&files.code, &files.bytecode, &files.map] {
            hash.update((file.len() as u64).to_le_bytes());
            hash.update(file);
        }
        hex(&hash.finalize())[..16].to_owned()
    }

    fn manifest_name(&self) -> String {
        format!("{}.json", self.slot)
    }

    fn file_name(&self, hash: &str, suffix: &str) -> String {
        format!("{}-{hash}{suffix}", self.slot)
    }

    fn claim(&self, directory: &Directory, hash: &str) -> io::Result<Bundle> {
        let claim = Claim::for_use(directory, &self.file_name(hash, ""), self.mode)?;
        Ok(Bundle {
            path: self.working_dir.join(DIRECTORY).join(self.file_name(hash, SUFFIXES[0])),
            _claim: claim,
        })
    }
}

/// The stems of the bundles that manifests name. Manifests whose entrypoints are gone are removed.
pub(in crate::worker) fn named(directory: &Directory, names: &[String]) -> Vec<String> {
    let mut named = Vec::new();
    for name in names {
        let Some(slot) = manifest_slot(name) else { continue };
        let text = directory.read_private(name).ok();
        let manifest = text
            .and_then(|text| Manifest::read(&text, None))
            .filter(Manifest::has_entrypoint);
        match manifest.map(|manifest| manifest.verdict().clone()) {
            Some(Verdict::Bundled(hash)) => named.push(format!("{slot}-{hash}")),
            Some(Verdict::Refused(_)) => {}
            None => {
                let _ = directory.remove(name);
            }
        }
    }
    named
}

/// `bundle-<slot>` from a manifest's name.
pub(in crate::worker) fn manifest_slot(name: &str) -> Option<&str> {
    let slot = name.strip_suffix(".json")?;
    is_hash(slot.strip_prefix(PREFIX)?).then_some(slot)
}

/// `bundle-<slot>-<hash>` from the name of a bundle's file.
pub(in crate::worker) fn stem(name: &str) -> Option<&str> {
    let stem = [LOCK]
        .iter()
        .chain(&SUFFIXES)
        .find_map(|suffix| name.strip_suffix(suffix))?;
    let (slot, hash) = stem.strip_prefix(PREFIX)?.split_once('-')?;
    (is_hash(slot) && is_hash(hash)).then_some(stem)
}

#[cfg(test)]
#[path = "bundle_store_tests.rs"]
mod tests;
