//! For which processor a program is built, by the first bytes of its file: ELF's, or those of Mach-O on macOS.

/// How many bytes are enough: what a file for several processors says of each of eight.
pub(super) const HEAD: usize = 8 + 8 * FAT_ENTRY;

/// Where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Machine {
    Own,
    Other,
}

/// The machine that a program is for. `None`: it is no program of this system.
pub(super) fn machine(head: &[u8]) -> Option<Machine> {
    let runs = if cfg!(target_vendor = "apple") {
        mach_o(head, MACOS_PROCESSORS)?
    } else {
        elf(head)?
    };
    Some(if runs { Machine::Own } else { Machine::Other })
}

/// EM_AARCH64 or EM_X86_64.
const ELF_PROCESSOR: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };

/// Whether this processor runs an ELF file.
fn elf(head: &[u8]) -> Option<bool> {
    let processor = head.get(18..20).filter(|_| head.starts_with(b"\x7fELF"))?;
    Some(processor == ELF_PROCESSOR.to_le_bytes())
}

const ARM64: u32 = 0x0100_000c;
const X86_64: u32 = 0x0100_0007;
/// arm64 runs programs for x86_64 too, by translating them.
const MACOS_PROCESSORS: &[u32] = if cfg!(target_arch = "aarch64") {
    &[ARM64, X86_64]
} else {
    &[X86_64]
};
/// The size of what a file for several processors says of each.
const FAT_ENTRY: usize = 20;

/// Whether one of these processors runs a Mach-O file.
fn mach_o(head: &[u8], processors: &[u32]) -> Option<bool> {
    let number = |at: usize| head.get(at..at + 4)?.try_into().ok();
    match head.get(..4)? {
        // For one processor; the numbers are in its order of bytes.
        b"\xcf\xfa\xed\xfe" => Some(processors.contains(&u32::from_le_bytes(number(4)?))),
        // For several. Java's classes begin like this too, with a version from 45 on instead of their number.
        b"\xca\xfe\xba\xbe" => {
            let count = usize::try_from(u32::from_be_bytes(number(4)?)).ok()?;
            let processor = |index| number(8 + index * FAT_ENTRY).map(u32::from_be_bytes);
            let mut each = (0..count).map_while(processor);
            (count <= 8).then(|| each.any(|processor| processors.contains(&processor)))
        }
        _ => None,
    }
}

/// The beginning of a program of this system for a processor that it does not run on.
#[cfg(test)]
pub(super) fn of_another_machine() -> Vec<u8> {
    if cfg!(target_vendor = "apple") {
        return b"\xcf\xfa\xed\xfe\x12\0\0\0".to_vec();
    }
    let mut mips = b"\x7fELF\x02\x01\x01".to_vec();
    mips.resize(18, 0);
    mips.extend(8_u16.to_le_bytes());
    mips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_for_one_processor_of_macos() {
        let arm = b"\xcf\xfa\xed\xfe\x0c\0\0\x01 and more";
        assert_eq!(mach_o(arm, &[ARM64, X86_64]), Some(true));
        assert_eq!(mach_o(arm, &[X86_64]), Some(false));
        assert_eq!(mach_o(&arm[..6], &[ARM64]), None);
    }

    #[test]
    fn a_program_for_several_processors_of_macos() {
        let mut both = b"\xca\xfe\xba\xbe\0\0\0\x02".to_vec();
        for processor in [X86_64, ARM64] {
            both.extend(processor.to_be_bytes());
            both.extend([0; FAT_ENTRY - 4]);
        }
        assert_eq!(mach_o(&both, &[ARM64]), Some(true));
        assert_eq!(mach_o(&both, &[0x12]), Some(false));
        let class = b"\xca\xfe\xba\xbe\0\0\0\x34";
        assert_eq!(mach_o(class, &[ARM64]), None);
    }

    #[test]
    fn an_elf_file_and_what_is_none() {
        assert_eq!(elf(b"\x7fELF"), None);
        assert_eq!(elf(b"echo that is long enough"), None);
        let own = std::fs::read(std::env::current_exe().expect("this program")).expect("read");
        assert_eq!(machine(&own[..HEAD]), Some(Machine::Own));
        assert_eq!(machine(&of_another_machine()), Some(Machine::Other));
    }
}
