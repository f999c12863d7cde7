//! Parses `/etc/ld.so.cache`, in which glibc's loader finds libraries. ldconfig writes it; the format is glibc's
//! `dl-cache.h`.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The magic of the format that stands alone, or follows the old one since glibc 2.2.
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const OLD_HEADER: usize = 16;
const OLD_ENTRY: usize = 12;

/// A glibc library for this machine; others are for 32-bit or foreign programs.
#[cfg(target_arch = "x86_64")]
const OURS: u32 = 0x0303;
#[cfg(target_arch = "aarch64")]
const OURS: u32 = 0x0a03;
/// What ldconfig writes where it could not tell.
const ANY_GLIBC: u32 = 0x0001;

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The directories of the libraries in the cache, sorted by name; empty when it is not a cache.
pub(super) fn directories(bytes: &[u8]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let Some(cache) = newest(bytes) else {
        return found;
    };
    let Some(count) = u32_at(cache, MAGIC.len()) else {
        return found;
    };
    for index in 0..count as usize {
        let Some(at) = index.checked_mul(ENTRY).and_then(|at| at.checked_add(HEADER)) else {
            break;
        };
        let (Some(flags), Some(value)) = (u32_at(cache, at), u32_at(cache, at + 8)) else {
            break;
        };
        if ![OURS, ANY_GLIBC].contains(&flags) {
            continue;
        }
        let text = cache.get(value as usize..).unwrap_or_default();
        let Some(path) = text
            .split(|byte| *byte == 0)
            .next()
            .and_then(|path| std::str::from_utf8(path).ok())
        else {
            continue;
        };
        if let Some((directory, _)) = path
            .rsplit_once('/')
            .filter(|(directory, _)| directory.starts_with('/'))
        {
            found.insert(PathBuf::from(directory));
        }
    }
    found
}

/// The part in the new format; its offsets are relative to its beginning.
fn newest(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.starts_with(MAGIC) {
        return Some(bytes);
    }
    if !bytes.starts_with(OLD_MAGIC) {
        return None;
    }
    let count = u32_at(bytes, OLD_MAGIC.len() + 1)? as usize;
    let end = count.checked_mul(OLD_ENTRY)?.checked_add(OLD_HEADER)?;
    let part = bytes.get(end.checked_next_multiple_of(8)?..)?;
    part.starts_with(MAGIC).then_some(part)
}

#[cfg(test)]
pub(super) mod made {
    use super::*;

    /// A cache with these libraries, and with one for another machine.
    pub(in super::super) fn cache(paths: &[&str]) -> Vec<u8> {
        let named: Vec<(u32, &str)> = paths
            .iter()
            .map(|path| (OURS, *path))
            .chain([(0x0003, "/foreign/lib/libc.so.6")])
            .collect();
        let mut bytes = MAGIC.to_vec();
        bytes.extend((named.len() as u32).to_le_bytes());
        bytes.resize(HEADER, 0);
        let mut texts = Vec::new();
        let begin = HEADER + named.len() * ENTRY;
        for (flags, path) in named {
            bytes.extend(flags.to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(((begin + texts.len()) as u32).to_le_bytes());
            bytes.extend([0; 12]);
            texts.extend(path.bytes());
            texts.push(0);
        }
        bytes.extend(texts);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_directories_of_this_machines_libraries() {
        let bytes = made::cache(&["/usr/lib64/liba.so.1", "/opt/x/lib/libb.so", "/usr/lib64/libc.so.6"]);
        let expected = [PathBuf::from("/opt/x/lib"), PathBuf::from("/usr/lib64")];
        assert_eq!(directories(&bytes).into_iter().collect::<Vec<_>>(), expected);
        // Follows the old format, as ldconfig wrote it before glibc 2.32.
        let mut old = OLD_MAGIC.to_vec();
        old.push(0);
        old.extend(3u32.to_le_bytes());
        old.resize((OLD_HEADER + 3 * OLD_ENTRY).next_multiple_of(8), 0xff);
        old.extend(bytes);
        assert_eq!(directories(&old).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn agrees_with_the_cache_of_this_machine() {
        let bytes = std::fs::read("/etc/ld.so.cache").expect("a machine with glibc");
        let named = directories(&bytes);
        assert!(
            named.iter().any(|directory| {
                std::fs::read_dir(directory)
                    .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|it| it.file_name() == "libc.so.6")))
            }),
            "{named:?}"
        );
    }

    proptest::proptest! {
        #[test]
        fn a_broken_cache_names_nothing_it_does_not_hold(damage in proptest::collection::vec((0usize..160, 0u8..), 0..24), length in 0usize..200) {
            let mut bytes = made::cache(&["/usr/lib64/liba.so.1", "/opt/x/lib/libb.so"]);
            for (at, byte) in damage {
                if let Some(place) = bytes.get_mut(at) { *place = byte; }
            }
            bytes.truncate(length);
            let _ = directories(&bytes); // no panic, no endless loop
        }
    }
}
