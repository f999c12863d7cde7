//! Which program a refused fork was about to start.
//!
//! A fork does not say. But it waits in the supervisor's hands, and the frames of whoever called it hold the path of the
//! program as a pointer. This is for the record alone: nothing is decided by it.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::super::supervise::Target;

/// How much of the stack is looked at: the frames of posix_spawn and of the runtime's own spawn function.
const WINDOW: usize = 16 * 1024;
/// Distinct addresses that are followed.
const MAX_POINTERS: usize = 768;

/// The nearest string on the stack that is a program's path, or a name on the usual PATH.
pub(in super::super) fn wanted_program(target: &Target) -> Option<PathBuf> {
    let stack = target.stack()?;
    let mut words = vec![0u8; WINDOW];
    let read = read_up_to_end(target, stack, &mut words);
    let pointers = words[..read]
        .chunks_exact(8)
        .filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?)));
    let mut seen = Vec::new();
    for pointer in pointers.filter(|pointer| (0x1000..0x7fff_ffff_f000).contains(pointer)) {
        if seen.contains(&pointer) {
            continue;
        }
        if seen.len() == MAX_POINTERS {
            break;
        }
        seen.push(pointer);
        let mut text = [0u8; 512];
        let Ok(length) = target.read(pointer, &mut text) else {
            continue;
        };
        if let Some(program) = text[..length].split(|byte| *byte == 0).next().and_then(program) {
            return Some(program);
        }
        // libuv passes a structure whose first pointers lead to the name.
        for word in text[..length.min(64)].chunks_exact(8) {
            let inner = u64::from_le_bytes(word.try_into().unwrap_or_default());
            let mut text = [0u8; 256];
            if (0x1000..0x7fff_ffff_f000).contains(&inner)
                && let Ok(length) = target.read(inner, &mut text)
                && let Some(found) = text[..length].split(|byte| *byte == 0).next().and_then(program)
            {
                return Some(found);
            }
        }
    }
    None
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

fn program(text: &[u8]) -> Option<PathBuf> {
    if text.len() < 2 || text.iter().any(|byte| !(0x20..0x7f).contains(byte)) {
        return None;
    }
    let path = Path::new(std::ffi::OsStr::from_bytes(text));
    let runs = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if path.is_absolute() {
        return runs(path).then(|| path.to_path_buf());
    }
    // A bare name: short words are everywhere, so only what could be typed as a command.
    if text.contains(&b'/') || text.contains(&b' ') {
        return None;
    }
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .map(|directory| Path::new(directory).join(path))
        .find(|path| runs(path))
}
