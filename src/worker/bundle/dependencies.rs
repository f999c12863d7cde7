//! Everything that a bundle depends on: the files in it, and what decides that an import finds those files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Looked for in every directory above an input: settings that change what an import finds or how a file is read, and
/// packages.
const IN_EACH: [&str; 4] = ["package.json", "tsconfig.json", "jsconfig.json", "node_modules"];

/// The inputs, their directories, and for each directory above them its settings and packages, present or absent.
pub(super) fn dependencies(inputs: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut places: BTreeSet<PathBuf> = inputs.iter().cloned().collect();
    let mut above: BTreeSet<&Path> = BTreeSet::new();
    for input in inputs {
        let Some(directory) = input.parent() else { continue };
        places.insert(directory.to_owned());
        above.extend(directory.ancestors());
    }
    for directory in above {
        for name in IN_EACH {
            places.insert(directory.join(name));
        }
        places.extend(scopes(&directory.join("node_modules")));
    }
    places
}

/// `node_modules/@scope`: adding a package there does not change `node_modules`.
fn scopes(modules: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(modules).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"@"))
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_packages_of_every_directory_above_count() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(dir.path().join("node_modules/@scope")).expect("made");
        let input = dir.path().join("src/deep/tools.ts");
        let places = dependencies(std::slice::from_ref(&input));
        for expected in [
            input,
            dir.path().join("src/deep"),
            dir.path().join("src/deep/node_modules"),
            dir.path().join("src/tsconfig.json"),
            dir.path().join("package.json"),
            dir.path().join("node_modules/@scope"),
            PathBuf::from("/package.json"),
        ] {
            assert!(places.contains(&expected), "{}", expected.display());
        }
        // Of the directories above, only settings and packages matter.
        assert!(!places.contains(dir.path()));
    }
}
