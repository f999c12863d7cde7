//! Reads which files an ELF program needs before its first instruction: its loader and its libraries.

use std::fs::File;
use std::path::PathBuf;

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRTAB, FileHeader64, PT_DYNAMIC, PT_INTERP, PT_LOAD};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use object::{LittleEndian, ReadCache, ReadRef as _};

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

/// No real program comes near these limits; a broken file must not make us allocate as much as it claims.
const MAX_HEADERS: u16 = 256;
const MAX_DYNAMIC: u64 = 64 * 1024;
const MAX_NAME: u64 = 4096;

/// Parses a 64-bit little-endian ELF file; `None` for anything else.
pub(super) fn read(file: &File) -> Option<Elf> {
    let data = &ReadCache::new(file);
    let header = FileHeader64::<LittleEndian>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    if header.e_phnum(endian) > MAX_HEADERS {
        return None;
    }
    let length = data.len().ok()?;
    let text_at = |offset: u64| {
        let end = offset.checked_add(MAX_NAME)?.min(length);
        let bytes = data.read_bytes_at_until(offset..end, 0).ok()?;
        String::from_utf8(bytes.to_vec()).ok()
    };
    let segments = header.program_headers(endian, data).ok()?;
    let of_type = |wanted| segments.iter().find(move |segment| segment.p_type(endian) == wanted);
    let mut elf = Elf::default();
    if let Some(interpreter) = of_type(PT_INTERP) {
        elf.interpreter = text_at(interpreter.p_offset(endian)).map(PathBuf::from);
    }
    let Some(dynamic) = of_type(PT_DYNAMIC) else {
        return Some(elf);
    };
    if dynamic.p_filesz(endian) > MAX_DYNAMIC {
        return None;
    }
    let entries = dynamic.dynamic(endian, data).ok()??;
    let strings = entries.iter().find(|entry| entry.tag(endian) == DT_STRTAB)?.val(endian);
    // The table's address; what is loaded there says where it lies in the file.
    let strings = segments
        .iter()
        .filter(|segment| segment.p_type(endian) == PT_LOAD)
        .find_map(|segment| {
            let within = strings.checked_sub(segment.p_vaddr(endian))?;
            let loaded = within < segment.p_filesz(endian);
            loaded.then(|| segment.p_offset(endian).checked_add(within))?
        })?;
    for entry in entries {
        let text = || text_at(strings.checked_add(entry.val(endian))?);
        match entry.tag(endian) {
            DT_NEEDED => elf.needed.extend(text()),
            DT_RPATH | DT_RUNPATH => {
                let list = text().unwrap_or_default();
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
            let mut bytes = vec![0; 4096];
            let own = File::open("/proc/self/exe").expect("own program");
            std::os::unix::fs::FileExt::read_exact_at(&own, &mut bytes, 0).expect("its beginning");
            for (at, byte) in damage {
                bytes[at + 16] = byte;
            }
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&bytes).expect("written");
            let _ = read(&file); // no panic, no huge allocation
        }
    }
}
