//! Raw system calls of attacks: they are made through bun:ffi, as native code would make them. Their numbers are those of the
//! processor that the suite is compiled for.

use std::fmt;

/// Where the program is that loads others, on the processor that the suite is compiled for.
pub(crate) const LOADER: &str = if cfg!(target_arch = "x86_64") {
    "/lib64/ld-linux-x86-64.so.2"
} else {
    "/lib/ld-linux-aarch64.so.1"
};

/// The system calls that attacks make.
const CALLS: &[(&str, libc::c_long)] = &[
    ("add_key", libc::SYS_add_key),
    ("bind", libc::SYS_bind),
    ("bpf", libc::SYS_bpf),
    ("chroot", libc::SYS_chroot),
    ("clock_settime", libc::SYS_clock_settime),
    ("clone", libc::SYS_clone),
    ("clone3", libc::SYS_clone3),
    ("close", libc::SYS_close),
    ("connect", libc::SYS_connect),
    ("execve", libc::SYS_execve),
    ("execveat", libc::SYS_execveat),
    ("fanotify_init", libc::SYS_fanotify_init),
    ("fchmodat", libc::SYS_fchmodat),
    ("fcntl", libc::SYS_fcntl),
    ("fsopen", libc::SYS_fsopen),
    ("init_module", libc::SYS_init_module),
    ("inotify_add_watch", libc::SYS_inotify_add_watch),
    ("inotify_init1", libc::SYS_inotify_init1),
    ("io_uring_enter", libc::SYS_io_uring_enter),
    ("io_uring_setup", libc::SYS_io_uring_setup),
    ("ioctl", libc::SYS_ioctl),
    ("ioprio_set", libc::SYS_ioprio_set),
    ("kcmp", libc::SYS_kcmp),
    ("kexec_load", libc::SYS_kexec_load),
    ("keyctl", libc::SYS_keyctl),
    ("kill", libc::SYS_kill),
    ("listen", libc::SYS_listen),
    ("memfd_create", libc::SYS_memfd_create),
    ("memfd_secret", libc::SYS_memfd_secret),
    ("mknodat", libc::SYS_mknodat),
    ("mmap", libc::SYS_mmap),
    ("mount", libc::SYS_mount),
    ("mq_open", libc::SYS_mq_open),
    ("msgget", libc::SYS_msgget),
    ("name_to_handle_at", libc::SYS_name_to_handle_at),
    ("open_by_handle_at", libc::SYS_open_by_handle_at),
    ("open_tree", libc::SYS_open_tree),
    ("openat", libc::SYS_openat),
    ("openat2", libc::SYS_openat2),
    ("perf_event_open", libc::SYS_perf_event_open),
    ("personality", libc::SYS_personality),
    ("pidfd_getfd", libc::SYS_pidfd_getfd),
    ("pidfd_open", libc::SYS_pidfd_open),
    ("pidfd_send_signal", libc::SYS_pidfd_send_signal),
    ("pivot_root", libc::SYS_pivot_root),
    ("prctl", libc::SYS_prctl),
    ("prlimit64", libc::SYS_prlimit64),
    ("process_vm_readv", libc::SYS_process_vm_readv),
    ("process_vm_writev", libc::SYS_process_vm_writev),
    ("ptrace", libc::SYS_ptrace),
    ("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo),
    ("rt_tgsigqueueinfo", libc::SYS_rt_tgsigqueueinfo),
    ("sched_setaffinity", libc::SYS_sched_setaffinity),
    ("seccomp", libc::SYS_seccomp),
    ("semget", libc::SYS_semget),
    ("sendmsg", libc::SYS_sendmsg),
    ("sendto", libc::SYS_sendto),
    ("setitimer", libc::SYS_setitimer),
    ("setns", libc::SYS_setns),
    ("setpgid", libc::SYS_setpgid),
    ("setpriority", libc::SYS_setpriority),
    ("setrlimit", libc::SYS_setrlimit),
    ("setsid", libc::SYS_setsid),
    ("setsockopt", libc::SYS_setsockopt),
    ("setxattr", libc::SYS_setxattr),
    ("shmget", libc::SYS_shmget),
    ("socket", libc::SYS_socket),
    ("socketpair", libc::SYS_socketpair),
    ("swapon", libc::SYS_swapon),
    ("syslog", libc::SYS_syslog),
    ("tgkill", libc::SYS_tgkill),
    ("tkill", libc::SYS_tkill),
    ("truncate", libc::SYS_truncate),
    ("umount2", libc::SYS_umount2),
    ("unshare", libc::SYS_unshare),
    ("userfaultfd", libc::SYS_userfaultfd),
    ("utimensat", libc::SYS_utimensat),
    // libc does not have it for every processor; calls that are this new have one number on all.
    ("fchmodat2", 452),
];

/// System calls that processors newer than x64 were not given.
#[cfg(target_arch = "x86_64")]
const OLDER_CALLS: &[(&str, libc::c_long)] = &[
    ("chmod", libc::SYS_chmod),
    ("fork", libc::SYS_fork),
    ("futimesat", libc::SYS_futimesat),
    ("iopl", libc::SYS_iopl),
    ("mknod", libc::SYS_mknod),
    ("open", libc::SYS_open),
    ("vfork", libc::SYS_vfork),
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER_CALLS: &[(&str, libc::c_long)] = &[];

/// The beginning of a script that makes raw system calls.
pub(crate) const RAW: Raw = Raw;

pub(crate) struct Raw;

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "export const numbers = {{")?;
        for (name, number) in CALLS.iter().chain(OLDER_CALLS) {
            writeln!(f, "  {name}: {number},")?;
        }
        writeln!(f, "}}")?;
        writeln!(f, "export const loader = '{LOADER}'")?;
        f.write_str(SCRIPT)
    }
}

/// `call(name, ...args)` returns the result or throws with the errno as its code. A name that is in neither table ends the script,
/// because an attack that never made its call must not look like one that was refused.
const SCRIPT: &str = r#"
import { dlopen, ptr, read, FFIType } from 'bun:ffi'
const i64 = FFIType.i64
const libc = dlopen('libc.so.6', {
  syscall: { args: [i64, i64, i64, i64, i64, i64, i64], returns: i64 },
  __errno_location: { args: [], returns: FFIType.ptr },
})
const errnos = { 1: 'EPERM', 2: 'ENOENT', 3: 'ESRCH', 9: 'EBADF', 11: 'EAGAIN', 13: 'EACCES', 14: 'EFAULT', 22: 'EINVAL', 38: 'ENOSYS', 88: 'ENOTSOCK', 95: 'EOPNOTSUPP', 97: 'EAFNOSUPPORT', 106: 'EISCONN', 107: 'ENOTCONN', 115: 'EINPROGRESS' }
const errnoAt = libc.symbols.__errno_location()
export const keep = []
export const at = (bytes) => { const b = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes); keep.push(b); return ptr(b) }
export const text = (string) => at(new TextEncoder().encode(string + '\0'))
// What C libraries call on processors that do not have the older call.
const AT_FDCWD = -100, SIGCHLD = 17, CLONE_VM = 0x100, CLONE_VFORK = 0x4000
const instead = {
  open: (...args) => ['openat', AT_FDCWD, ...args],
  mknod: (...args) => ['mknodat', AT_FDCWD, ...args],
  chmod: (...args) => ['fchmodat', AT_FDCWD, ...args],
  futimesat: (...args) => ['utimensat', ...args, 0],
  fork: () => ['clone', SIGCHLD],
  vfork: () => ['clone', CLONE_VM | CLONE_VFORK | SIGCHLD],
}
export const call = (name, ...args) => {
  const number = typeof name === 'number' ? name : numbers[name]
  if (number === undefined && name in instead) return call(...instead[name](...args))
  if (number === undefined) { console.error(`no system call ${name} is in the tables`); process.exit(70) }
  const all = [...args, 0, 0, 0, 0, 0, 0].slice(0, 6).map((arg) => BigInt(arg))
  const result = Number(libc.symbols.syscall(BigInt(number), ...all))
  if (result === -1) { const errno = read.i32(errnoAt, 0); throw Object.assign(new Error('errno ' + errno), { code: errnos[errno] ?? errno }) }
  return result
}
export const inet = (ip, port) => [2, 0, port >> 8, port & 255, ...ip.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0]
"#;
