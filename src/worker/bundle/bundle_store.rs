//! Where bundles are kept: `<workingDir>/.toolwarden/`, beside the worker files and under the same rules (see `store.rs`).
//!
//! | file | what |
//! |---|---|
//! | `bundle-<slot>.json` | the manifest of one entrypoint and runtime; renamed into place last, so what it names is whole |
//! | `bundle-<slot>-<hash>.js`, `.js.jsc`, `.js.map` | a bundle, its bytecode and its source map |
//! | `bundle-<slot>-<hash>.<digits>.claim` | of each manager that uses the bundle |
//!
//! Unlike a worker file a bundle stays when nobody uses it: the next manager begins with it. It goes when its manifest no
//! longer names it, and the manifest goes with its entrypoint.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::{Manifest, Verdict};
use super::reply::BundleFiles;
use crate::worker::claim::Claim;
use crate::worker::directory::{DIRECTORY, Directory};
use crate::worker::render::file_url;
use crate::worker::store::{hex, is_hash};
use crate::worker::sweep::LOCK;
use crate::worker::trust::for_us_to_write;

const PREFIX: &str = "bundle-";
/// Bun looks for bytecode and map under these names.
const SUFFIXES: [&str; 3] = [".js", ".js.jsc", ".js.map"];
/// Each lost round means that another manager swept in just that moment.
const ROUNDS: u32 = 100;

/// The place of one entrypoint's bundle.
#[derive(Debug, Clone)]
pub struct BundleStore {
    working_dir: PathBuf,
    entrypoint: PathBuf,
    slot: String,
    mode: u32,
}

/// A bundle that stays while this does.
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
            working_dir: working_dir.to_owned(),
            entrypoint: entrypoint.to_owned(),
            slot: format!("{PREFIX}{}", &hex(&hash.finalize())[..16]),
            // Others may be allowed to write the worker file; nobody looks whether a bundle is what its text became.
            mode: for_us_to_write(mode),
        }
    }

    /// What is known, where that still holds; with a verdict of "bundled" comes the bundle.
    pub fn find(&self) -> Option<(Manifest, Option<Bundle>)> {
        let directory = Directory::open(&self.working_dir).ok()?;
        let text = directory.read_private(&self.manifest_name()).ok()?;
        let manifest = Manifest::read(&text, Some(&self.entrypoint)).filter(Manifest::holds)?;
        let bundle = match manifest.verdict() {
            Verdict::Bundled(hash) => Some(self.claim(&directory, hash).ok()?),
            Verdict::Refused(_) => None,
        };
        if let Verdict::Bundled(hash) = manifest.verdict() {
            for suffix in SUFFIXES {
                directory.private(&self.file_name(hash, suffix)).ok()?;
            }
        }
        // Once more, now that it is claimed: it may have been swept in between.
        manifest.holds().then_some((manifest, bundle))
    }

    /// Puts a new bundle where the next manager finds it.
    pub fn put(&self, files: &BundleFiles, manifest: &Manifest) -> io::Result<(Manifest, Bundle)> {
        let mut round = 0;
        loop {
            round += 1;
            match self.try_put(files, manifest.clone()) {
                // A sweeping manager was faster than a claim.
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
            // The same file under another manager stays the same inode.
            directory.place(&name, content, self.mode)?;
            names.push(name);
        }
        let paths = names.iter().map(|name| directory.path().join(name)).collect();
        let manifest = manifest.with_outputs(paths);
        // A manifest must not say of a file that was swept in between that its absence is right.
        for name in &names {
            directory.private(name)?;
        }
        directory.put(&self.manifest_name(), manifest.text().as_bytes(), self.mode)?;
        Ok((manifest, bundle))
    }

    /// Makes known what was found.
    pub fn put_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        let directory = Directory::open(&self.working_dir)?;
        directory.put(&self.manifest_name(), manifest.text().as_bytes(), self.mode)?;
        Ok(())
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

/// The stems of bundles that a manifest names. Manifests of entrypoints that are gone are removed.
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

/// `bundle-<slot>` of a manifest's name.
pub(in crate::worker) fn manifest_slot(name: &str) -> Option<&str> {
    let slot = name.strip_suffix(".json")?;
    is_hash(slot.strip_prefix(PREFIX)?).then_some(slot)
}

/// `bundle-<slot>-<hash>` of the names of a bundle's files.
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
