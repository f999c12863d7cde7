//! Parses /proc/self/mountinfo. It is read as bytes, because whoever may mount can choose a name that is not UTF-8, and
//! one such line must not hide the others.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount<'a> {
    /// The directory of the file system that is mounted.
    pub(crate) root: PathBuf,
    pub(crate) point: PathBuf,
    /// The type of the file system, such as "proc".
    pub(crate) kind: &'a str,
}

/// The mounts in the order of the file; malformed lines are skipped.
pub(crate) fn mounts(mountinfo: &[u8]) -> impl Iterator<Item = Mount<'_>> {
    mountinfo.split(|byte| *byte == b'\n').filter_map(mount)
}

/// `id parent device root point options [tag...] - kind source options`.
fn mount(line: &[u8]) -> Option<Mount<'_>> {
    let mut fields = line.split(|byte| *byte == b' ').skip(3);
    let (root, point) = (fields.next()?, fields.next()?);
    let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
    Some(Mount {
        root: unescaped(root),
        point: unescaped(point),
        kind: str::from_utf8(kind).ok()?,
    })
}

/// The kernel writes space, tab, newline and backslash as a backslash and three octal digits.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let code = match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                Some((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'))
            }
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[3..] } else { tail };
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_a_root_a_point_and_a_kind() {
        let text = b"22 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n\
            41 31 0:38 /machine/a\\040b /mnt/c\\134d rw - cgroup2 cgroup2 rw\n\
            not a mount\n";
        let found: Vec<_> = mounts(text)
            .map(|mount| (mount.root, mount.point, mount.kind))
            .collect();
        assert_eq!(
            found,
            [
                ("/".into(), "/".into(), "ext4"),
                ("/machine/a b".into(), "/mnt/c\\d".into(), "cgroup2")
            ]
        );
    }

    #[test]
    fn a_name_that_is_no_text_hides_no_other_line() {
        let text = b"1 2 0:3 / /srv/\xff rw - ext4 x rw\n1 2 0:4 / /srv/jail/proc rw - proc proc rw\n";
        let points: Vec<_> = mounts(text).map(|mount| mount.point).collect();
        assert_eq!(points[0].as_os_str().as_bytes(), b"/srv/\xff");
        assert_eq!(points[1], PathBuf::from("/srv/jail/proc"));
    }

    #[test]
    fn the_kernels_own_is_read() {
        let text = std::fs::read("/proc/self/mountinfo").expect("read");
        assert!(mounts(&text).any(|mount| mount.kind == "proc" && mount.point == *"/proc"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = mounts(&text).count();
        }
    }
}
