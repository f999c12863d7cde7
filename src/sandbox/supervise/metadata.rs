//! Decodes the calls that change metadata: which file each names, and the change. Everything is copied from the caller
//! once.

use super::listener::Call;
use super::named_file::Name;
use super::newer_calls::FCHMODAT2;
use super::target::Target;

/// The requested change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Mode(u32),
    /// `u32::MAX` leaves it as it is.
    Owner {
        user: u32,
        group: u32,
    },
    /// `None`: the current time.
    Times(Option<[libc::timespec; 2]>),
}

const NOFOLLOW: i32 = libc::AT_SYMLINK_NOFOLLOW;
const EMPTY: i32 = libc::AT_EMPTY_PATH;
#[cfg(target_arch = "x86_64")]
const MICROSECONDS: i64 = 1_000_000;

/// The error is an errno for a caller whose arguments are invalid.
pub(super) fn change(call: &Call, target: &Target) -> Result<(Name, Change), i32> {
    let args = &call.args;
    let base = args[0] as i32;
    let owner = |user: u64, group: u64| Change::Owner {
        user: user as u32,
        group: group as u32,
    };
    Ok(match i64::from(call.number) {
        #[cfg(target_arch = "x86_64")]
        libc::SYS_chmod => (here(args[0], true), mode(args[1])),
        libc::SYS_fchmod => (Name::descriptor(args[0]), mode(args[1])),
        libc::SYS_fchmodat => (Name::path(base, args[1], true), mode(args[2])),
        FCHMODAT2 => (flagged(base, args[1], args[3] as i32)?, mode(args[2])),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_chown => (here(args[0], true), owner(args[1], args[2])),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lchown => (here(args[0], false), owner(args[1], args[2])),
        libc::SYS_fchown => (Name::descriptor(args[0]), owner(args[1], args[2])),
        libc::SYS_fchownat => (flagged(base, args[1], args[4] as i32)?, owner(args[2], args[3])),
        libc::SYS_utimensat => {
            let name = match args[1] {
                // With flags it is refused, as the kernel does.
                0 if args[3] as i32 == 0 => Name::descriptor(args[0]),
                0 => return Err(libc::EINVAL),
                path => flagged(base, path, args[3] as i32)?,
            };
            (name, Change::Times(times(target, args[2], |second| second)?))
        }
        #[cfg(target_arch = "x86_64")]
        libc::SYS_utime => (here(args[0], true), Change::Times(seconds(target, args[1])?)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_utimes => (here(args[0], true), micro(target, args[1])?),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_futimesat => {
            let name = match args[1] {
                0 => Name::descriptor(args[0]),
                path => Name::path(base, path, true),
            };
            (name, micro(target, args[2])?)
        }
        _ => return Err(libc::EPERM),
    })
}

fn mode(mode: u64) -> Change {
    Change::Mode(mode as u32 & 0o7777)
}

#[cfg(target_arch = "x86_64")]
fn here(path: u64, follow: bool) -> Name {
    Name::path(libc::AT_FDCWD, path, follow)
}

fn flagged(base: i32, path: u64, flags: i32) -> Result<Name, i32> {
    if flags & !(NOFOLLOW | EMPTY) != 0 {
        return Err(libc::EINVAL);
    }
    Ok(Name {
        may_be_empty: flags & EMPTY != 0,
        ..Name::path(base, path, flags & NOFOLLOW == 0)
    })
}

/// Two times; `nanoseconds` interprets the second half of each.
fn times(target: &Target, at: u64, nanoseconds: impl Fn(i64) -> i64) -> Result<Option<[libc::timespec; 2]>, i32> {
    if at == 0 {
        return Ok(None);
    }
    let mut bytes = [0; 32];
    if target.read(at, &mut bytes).ok() != Some(bytes.len()) {
        return Err(libc::EFAULT);
    }
    let number = |index: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[index * 8..][..8]);
        i64::from_ne_bytes(number)
    };
    let time = |index: usize| libc::timespec {
        tv_sec: number(index),
        tv_nsec: nanoseconds(number(index + 1)),
    };
    Ok(Some([time(0), time(2)]))
}

#[cfg(target_arch = "x86_64")]
fn micro(target: &Target, at: u64) -> Result<Change, i32> {
    let times = times(target, at, |micro| micro.saturating_mul(1000))?;
    let valid = |time: &libc::timespec| (0..MICROSECONDS * 1000).contains(&time.tv_nsec);
    if !times.iter().flatten().all(valid) {
        return Err(libc::EINVAL);
    }
    Ok(Change::Times(times))
}

#[cfg(target_arch = "x86_64")]
fn seconds(target: &Target, at: u64) -> Result<Option<[libc::timespec; 2]>, i32> {
    if at == 0 {
        return Ok(None);
    }
    let mut bytes = [0; 16];
    if target.read(at, &mut bytes).ok() != Some(bytes.len()) {
        return Err(libc::EFAULT);
    }
    let time = |half: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[half * 8..][..8]);
        libc::timespec {
            tv_sec: i64::from_ne_bytes(number),
            tv_nsec: 0,
        }
    };
    Ok(Some([time(0), time(1)]))
}
