//! Finds out which program a refused fork was about to start.
//!
//! The fork itself does not say. But its caller is stopped while the supervisor decides, and the caller's stack frames
//! contain a pointer to the program's path. The result is only recorded; no decision depends on it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::super::supervise::Target;

/// How much of the stack is searched: the frames of posix_spawn and of the runtime's own spawn function.
const WINDOW: usize = 16 * 1024;
/// Reads of the caller's memory for one call, at most. A stack full of pointers must not make the host follow all of
/// them.
const MAX_READS: usize = 2048;
/// Texts that are looked up among the programs for one call, at most.
const MAX_LOOKUPS: usize = 64;
/// The range of a process's pointers: of 47 bits on x64 and of 48 on arm64, where stacks and libraries are in the upper half.
const ADDRESSES: std::ops::Range<u64> = if cfg!(target_arch = "x86_64") {
    0x1000..0x7fff_ffff_f000
} else {
    0x1000..0xffff_ffff_f000
};

/// The nearest string on the stack that is a program's path, or a name on the usual PATH.
pub(in super::super) fn wanted_program(target: &Target) -> Option<PathBuf> {
    let stack = target.stack()?;
    let mut words = vec![0u8; WINDOW];
    let read = read_up_to_end(target, stack, &mut words);
    let mut search = Search {
        target,
        reads: 0,
        lookups: 0,
    };
    let mut seen = HashSet::new();
    for pointer in pointers(&words[..read]).filter(|pointer| seen.insert(*pointer)) {
        let mut text = [0u8; 512];
        let length = match search.read(pointer, &mut text)? {
            Ok(length) => length,
            Err(_) => continue,
        };
        if let Some(program) = search.program_at(&text[..length]) {
            return Some(program);
        }
        // libuv passes a structure whose first pointers lead to the name.
        for inner in pointers(&text[..length.min(64)]) {
            let mut text = [0u8; 256];
            if let Ok(length) = search.read(inner, &mut text)?
                && let Some(program) = search.program_at(&text[..length])
            {
                return Some(program);
            }
        }
    }
    None
}

fn pointers(words: &[u8]) -> impl Iterator<Item = u64> {
    words
        .chunks_exact(8)
        .filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?)))
        .filter(|pointer| ADDRESSES.contains(pointer))
}

/// The budget of one call.
struct Search<'a> {
    target: &'a Target,
    reads: usize,
    lookups: usize,
}

impl Search<'_> {
    /// `None` when the budget is used up.
    fn read(&mut self, at: u64, into: &mut [u8]) -> Option<io::Result<usize>> {
        self.reads += 1;
        (self.reads <= MAX_READS && self.lookups < MAX_LOOKUPS).then(|| self.target.read(at, into))
    }

    fn program_at(&mut self, text: &[u8]) -> Option<PathBuf> {
        let text = text.split(|byte| *byte == 0).next()?;
        if !could_be_a_program(text) {
            return None;
        }
        self.lookups += 1;
        program(Path::new(OsStr::from_bytes(text)))
    }
}

/// The stack may end within the window.
fn read_up_to_end(target: &Target, stack: u64, words: &mut [u8]) -> usize {
    let mut length = words.len();
    while length >= 4096 {
        if let Ok(read) = target.read(stack, &mut words[..length]) {
            return read;
        }
        length /= 2;
    }
    0
}

/// A path, or a name that could be typed as a command: short words are everywhere.
fn could_be_a_program(text: &[u8]) -> bool {
    let printable = text.iter().all(|byte| (0x20..0x7f).contains(byte));
    text.len() >= 2 && printable && (text[0] == b'/' || !(text.contains(&b'/') || text.contains(&b' ')))
}

fn program(path: &Path) -> Option<PathBuf> {
    let runs = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if path.is_absolute() {
        return runs(path).then(|| path.to_path_buf());
    }
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .map(|directory| Path::new(directory).join(path))
        .find(|path| runs(path))
}
