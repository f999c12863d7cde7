//! Reads which files an ELF program needs before its first instruction: its loader and its libraries.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The parts of the header that name the files which the loader opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Elf {
    /// The dynamic loader; none for a static program.
    pub interpreter: Option<PathBuf>,
    /// The libraries that it needs directly.
    pub needed: Vec<String>,
    /// The directories that the program names, with `$ORIGIN` not replaced yet.
    pub search: Vec<String>,
}

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// No real program comes near these limits; a broken file must not make us allocate as much as it claims.
const MAX_HEADERS: usize = 256;
const MAX_DYNAMIC: usize = 64 * 1024;
const MAX_NAME: usize = 4096;

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: usize,
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn text_at(file: &File, offset: u64) -> Option<String> {
    let mut bytes = vec![0; MAX_NAME];
    let read = file.read_at(&mut bytes, offset).ok()?;
    let end = bytes[..read].iter().position(|byte| *byte == 0)?;
    String::from_utf8(bytes[..end].to_vec()).ok()
}

/// Parses a 64-bit little-endian ELF file; `None` for anything else.
pub(super) fn read(file: &File) -> Option<Elf> {
    let mut header = [0; 64];
    file.read_exact_at(&mut header, 0).ok()?;
    if header[..6] != *b"\x7fELF\x02\x01" {
        return None;
    }
    let table = u64_at(&header, 32)?;
    let (entry, count) = (usize::from(u16_at(&header, 54)?), usize::from(u16_at(&header, 56)?));
    if entry < 56 || count > MAX_HEADERS {
        return None;
    }
    let mut headers = vec![0; entry * count];
    file.read_exact_at(&mut headers, table).ok()?;
    let segments = headers
        .chunks_exact(entry)
        .map(|header| {
            Some(Segment {
                kind: u32_at(header, 0)?,
                offset: u64_at(header, 8)?,
                address: u64_at(header, 16)?,
                size: usize::try_from(u64_at(header, 32)?).ok()?,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    let mut elf = Elf::default();
    if let Some(interp) = segments.iter().find(|segment| segment.kind == PT_INTERP) {
        elf.interpreter = text_at(file, interp.offset).map(PathBuf::from);
    }
    let Some(dynamic) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
        return Some(elf);
    };
    let mut entries = vec![0; dynamic.size.min(MAX_DYNAMIC)];
    file.read_exact_at(&mut entries, dynamic.offset).ok()?;
    let entries: Vec<(u64, u64)> = entries
        .chunks_exact(16)
        .filter_map(|entry| Some((u64_at(entry, 0)?, u64_at(entry, 8)?)))
        .collect();
    let strings = entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?.1;
    let home = segments
        .iter()
        .filter(|segment| segment.kind == PT_LOAD)
        .find(|segment| {
            strings
                .checked_sub(segment.address)
                .is_some_and(|within| within < segment.size as u64)
        })?;
    let strings = home.offset + (strings - home.address);
    for (tag, value) in entries {
        match tag {
            DT_NEEDED => elf.needed.extend(text_at(file, strings.checked_add(value)?)),
            DT_RPATH | DT_RUNPATH => {
                let list = text_at(file, strings.checked_add(value)?).unwrap_or_default();
                elf.search
                    .extend(list.split(':').filter(|dir| !dir.is_empty()).map(str::to_string));
            }
            _ => {}
        }
    }
    Some(elf)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn reads_its_own_test_program() {
        let own = read(&File::open("/proc/self/exe").expect("own program")).expect("an ELF program");
        let loader = own.interpreter.expect("a loader");
        assert!(loader.exists(), "{loader:?}");
        assert!(
            own.needed.iter().any(|name| name.starts_with("libc.")),
            "{:?}",
            own.needed
        );
    }

    proptest::proptest! {
        #[test]
        fn a_broken_file_is_no_program(damage in proptest::collection::vec((0usize..512, 0u8..), 0..24)) {
            let mut bytes = std::fs::read("/proc/self/exe").expect("own program");
            bytes.truncate(4096);
            for (at, byte) in damage {
                bytes[at + 16] = byte;
            }
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&bytes).expect("written");
            let _ = read(&file); // no panic, no huge allocation
        }
    }
}
