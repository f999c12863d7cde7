//! The regions of a process's memory, from /proc/PID/smaps.

/// One region.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) from: u64,
    pub(super) to: u64,
    /// It can be written and belongs to this process alone: a fork shares its pages until one of both writes.
    pub(super) private: bool,
    /// Some of it is in memory.
    pub(super) resident: bool,
    /// A fork leaves it out.
    pub(super) uncopied: bool,
    /// It is the kernel's own, or shared with others.
    pub(super) special: bool,
}

pub(super) fn regions(smaps: &str) -> Vec<Region> {
    let mut found: Vec<Region> = Vec::new();
    for line in smaps.lines() {
        if let Some((from, to, rights)) = heading(line) {
            found.push(Region {
                from,
                to,
                private: rights.starts_with("rw") && rights.ends_with('p'),
                special: !rights.starts_with('r') || rights.ends_with('s'),
                ..Region::default()
            });
        } else if let Some(region) = found.last_mut() {
            if let Some(size) = line.strip_prefix("Rss:") {
                region.resident = !size.trim_start().starts_with("0 ");
            } else if let Some(flags) = line.strip_prefix("VmFlags:") {
                let has = |flag: &str| flags.split_ascii_whitespace().any(|other| other == flag);
                let of_kernel = has("io") || has("pf");
                region.special |= of_kernel;
                region.uncopied = has("dc") && !of_kernel;
            }
        }
    }
    found
}

/// `7f00-8000 rw-p ...`: the addresses and the rights.
fn heading(line: &str) -> Option<(u64, u64, &str)> {
    let mut words = line.split_ascii_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    Some((
        u64::from_str_radix(from, 16).ok()?,
        u64::from_str_radix(to, 16).ok()?,
        words.next()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read() {
        let smaps = "1000-3000 rw-p 00000000 00:00 0 \nRss: 4 kB\nVmFlags: rd wr mr dc \n\
                     3000-4000 r-xp 00000000 08:01 77 /bin/true\nRss:                   0 kB\nVmFlags: rd ex mr \n\
                     4000-5000 rw-s 00000000 00:01 9 /memfd:x\nRss: 4 kB\nVmFlags: rd wr sh \n\
                     5000-6000 r--p 00000000 00:00 0 [vvar]\nRss: 4 kB\nVmFlags: rd mr io dc dd \n";
        let [heap, text, shared, kernel] = &regions(smaps)[..] else {
            panic!("four regions");
        };
        assert!(heap.private && heap.resident && heap.uncopied && !heap.special);
        assert_eq!((heap.from, heap.to), (0x1000, 0x3000));
        assert!(!text.private && !text.resident && !text.uncopied && !text.special);
        assert!(shared.special && !shared.private);
        assert!(kernel.special && !kernel.uncopied);
    }
}
