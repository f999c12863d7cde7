//! What is known about an entrypoint: that a bundle exists, or that it must not be bundled, and what this depends on.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::dependencies::dependencies;
use super::fingerprint::FileFingerprint;

/// Raised with every change that affects what a bundle is.
const FORMAT: u32 = 1;

/// The result of bundling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// A bundle exists; the hash of its content.
    Bundled(String),
    /// Bundling would make a difference that a tool could see; which one.
    Refused(String),
}

/// A verdict and everything that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    format: u32,
    entrypoint: PathBuf,
    verdict: Verdict,
    fingerprints: Vec<FileFingerprint>,
}

impl Manifest {
    /// Takes fingerprints of the inputs, of their dependencies, and of the runtime. `None` when one of them was changed
    /// after `before`, because then the state that the bundler saw is unknown.
    pub fn take(
        entrypoint: &Path,
        runtime: &Path,
        inputs: &[PathBuf],
        verdict: Verdict,
        before: SystemTime,
    ) -> Option<Self> {
        let mut places = dependencies(inputs);
        places.insert(entrypoint.to_owned());
        places.insert(runtime.to_owned());
        let fingerprints: Vec<_> = places.into_iter().map(FileFingerprint::take).collect();
        fingerprints
            .iter()
            .all(|fingerprint| fingerprint.is_older_than(before))
            .then(|| Self {
                format: FORMAT,
                entrypoint: entrypoint.to_owned(),
                verdict,
                fingerprints,
            })
    }

    /// Makes the manifest depend on these files too.
    pub(super) fn with_outputs(mut self, outputs: Vec<PathBuf>) -> Self {
        self.fingerprints.extend(outputs.into_iter().map(FileFingerprint::take));
        self
    }

    /// Parses a stored manifest; `None` when it is not of this version and entrypoint.
    pub(super) fn read(text: &[u8], entrypoint: Option<&Path>) -> Option<Self> {
        let read: Self = serde_json::from_slice(text).ok()?;
        (read.format == FORMAT && entrypoint.is_none_or(|path| path == read.entrypoint)).then_some(read)
    }

    /// The text to be stored.
    pub(super) fn text(&self) -> String {
        // Strings, numbers and paths that came as JSON can always be serialised.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether its entrypoint still exists.
    pub(super) fn has_entrypoint(&self) -> bool {
        self.entrypoint.is_file()
    }

    /// The verdict.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Whether nothing that it depends on has changed.
    pub fn is_current(&self) -> bool {
        self.fingerprints.iter().all(FileFingerprint::is_current)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make the files they look at")]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn holds_until_an_input_or_its_surroundings_change() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str| fs::write(dir.path().join(name), name).expect("written");
        for name in ["tools.ts", "dep.ts", "bun"] {
            write(name);
        }
        let inputs = ["tools.ts", "dep.ts"].map(|name| dir.path().join(name));
        let verdict = Verdict::Bundled("hash".into());
        let take = |before| Manifest::take(&inputs[0], &dir.path().join("bun"), &inputs, verdict.clone(), before);
        let later = SystemTime::now() + Duration::from_secs(5);
        let manifest = take(later).expect("old enough");
        assert!(manifest.is_current());
        assert_eq!(
            Manifest::read(manifest.text().as_bytes(), Some(&inputs[0])),
            Some(manifest.clone())
        );
        assert_eq!(Manifest::read(manifest.text().as_bytes(), Some(&inputs[1])), None);
        write("data.csv");
        assert!(manifest.is_current());
        for name in ["package.json", "dep.js", "dep.ts", "bun"] {
            let manifest = take(later).expect("old enough");
            write(name);
            assert!(!manifest.is_current(), "{name}");
        }
        assert_eq!(
            take(SystemTime::now() - Duration::from_secs(60)),
            None,
            "younger than the build"
        );
    }
}
