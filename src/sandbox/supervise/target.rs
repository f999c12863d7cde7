//! The thread that made a reported call, as the supervisor sees it.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::proc_stat::ProcStat;

const PIDFD_THREAD: u32 = libc::O_EXCL as u32;
/// How long a thread may take from the report of its call to its sleep in it: what else runs on its processor comes in between.
const UNTIL_ASLEEP: Duration = Duration::from_millis(50);
/// Lets the thread have the processor.
const PAUSE: Duration = Duration::from_micros(200);

/// Distinguishes a process from a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessIdentity {
    pub(super) process: u32,
    /// The start time in clock ticks since boot.
    pub(super) at: u64,
}

/// A thread of a worker or of a program that it started.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Target {
    thread: u32,
}

impl Target {
    pub(super) fn new(thread: u32) -> Self {
        Target { thread }
    }

    /// Copies memory of the thread; fewer bytes when less can be read.
    pub(in super::super) fn read(&self, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let local = libc::iovec {
            iov_base: buffer.as_mut_ptr().cast(),
            iov_len: buffer.len(),
        };
        let remote = libc::iovec {
            iov_base: address as *mut libc::c_void,
            iov_len: buffer.len(),
        };
        // SAFETY: the local buffer is ours for the length of the call; the remote address is only read, by the kernel.
        let read =
            unsafe { libc::process_vm_readv(self.thread as libc::pid_t, &raw const local, 1, &raw const remote, 1, 0) };
        let Ok(read) = usize::try_from(read) else {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                // A container's own filter refuses the call; the file is the same memory.
                Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => self.read_by_file(address, buffer),
                _ => Err(error),
            };
        };
        Ok(read)
    }

    fn read_by_file(&self, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let memory = fs::File::open(format!("/proc/{}/mem", self.thread))?;
        memory
            .read_at(buffer, address)
            .map_err(|error| match error.raw_os_error() {
                // What the file says of memory that is not mapped.
                Some(libc::EIO) => io::Error::from_raw_os_error(libc::EFAULT),
                _ => error,
            })
    }

    /// Reads a string of at most a path's length.
    pub(in super::super) fn read_string(&self, address: u64) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        while text.len() < libc::PATH_MAX as usize {
            // Reads up to the end of a page, because the next page may not be mapped.
            let at = address + text.len() as u64;
            let mut piece = [0; 256];
            let to_page_end = (4096 - (at % 4096)) as usize;
            let read = self.read(at, &mut piece[..to_page_end.min(256)])?;
            match piece[..read].iter().position(|byte| *byte == 0) {
                Some(end) => {
                    text.extend_from_slice(&piece[..end]);
                    return Ok(text);
                }
                None if read == 0 => return Err(io::Error::from_raw_os_error(libc::EFAULT)),
                None => text.extend_from_slice(&piece[..read]),
            }
        }
        Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG))
    }

    /// A copy of one of its descriptors; `pidfd` is the thread's own.
    pub(super) fn descriptor(&self, pidfd: &OwnedFd, number: i32) -> io::Result<OwnedFd> {
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0u32) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just gave us this descriptor.
        Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
    }

    /// The inode of the socket that one of its descriptors is. ENOTSOCK for another kind of file.
    pub(super) fn socket_inode(&self, number: i32) -> io::Result<u64> {
        let link = fs::read_link(self.descriptor_link(number)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::from_raw_os_error(libc::EBADF),
            _ => error,
        })?;
        of_socket(&link).ok_or_else(|| io::Error::from_raw_os_error(libc::ENOTSOCK))
    }

    /// The inodes of all its sockets.
    pub(super) fn socket_inodes(&self) -> io::Result<Vec<u64>> {
        let entries = fs::read_dir(format!("/proc/{}/fd", self.thread))?;
        let links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        Ok(links.filter_map(|link| of_socket(&link)).collect())
    }

    /// Becomes readable when the thread has ended; before Linux 6.9, when its process has.
    pub(super) fn pidfd(&self) -> io::Result<OwnedFd> {
        // SAFETY: no memory is passed.
        let mut fd = unsafe { libc::syscall(libc::SYS_pidfd_open, self.thread, PIDFD_THREAD) };
        if fd < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) {
            // Before Linux 6.9 threads have no pidfd. All threads of a runtime share one descriptor table.
            let process = self.process()?.unwrap_or(self.thread);
            // SAFETY: no memory is passed.
            fd = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0u32) };
        }
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just gave us this descriptor.
        Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
    }

    fn status(&self, field: &str) -> io::Result<Option<u32>> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.thread))?;
        let value = status.lines().find_map(|line| line.strip_prefix(field));
        Ok(value.and_then(|value| value.trim().parse().ok()))
    }

    /// The process that the thread belongs to.
    pub(super) fn process(&self) -> io::Result<Option<u32>> {
        // Most calls come from the first thread of a process.
        if self.is_of(self.thread) {
            return Ok(Some(self.thread));
        }
        self.status("Tgid:")
    }

    /// Identifies the process it belongs to. An error where the host could not read /proc.
    pub(super) fn identity(&self) -> io::Result<ProcessIdentity> {
        let none = || io::Error::from_raw_os_error(libc::ESRCH);
        let process = self.process()?.ok_or_else(none)?;
        let at = ProcStat::read(process)?.started;
        Ok(ProcessIdentity { process, at })
    }

    /// Whether it is a thread of this process.
    pub(super) fn is_of(&self, process: u32) -> bool {
        // SAFETY: no memory is passed; signal 0 sends nothing.
        unsafe { libc::syscall(libc::SYS_tgkill, process, self.thread, 0) == 0 }
    }

    /// Whether it is a thread of the worker itself, not of a program that the worker started.
    pub(super) fn is_worker(&self) -> bool {
        self.is_of(self.worker())
    }

    /// The worker it belongs to: the leader of its group, which no descendant can leave.
    pub(in super::super) fn worker(&self) -> u32 {
        // SAFETY: no memory is passed.
        let group = unsafe { libc::getpgid(self.thread as libc::pid_t) };
        if group > 0 {
            return group as u32;
        }
        self.thread
    }

    /// Its stack pointer, once it waits in the reported call.
    pub(in super::super) fn stack(&self) -> Option<u64> {
        stack_of_waiting(|| fs::read_to_string(format!("/proc/{}/syscall", self.thread)).ok())
    }

    /// The link to one of its open descriptors.
    pub(super) fn descriptor_link(&self, number: i32) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{number}", self.thread))
    }

    /// The path of one of its open descriptors, or of its current directory.
    pub(super) fn of_descriptor(&self, number: i32) -> Option<PathBuf> {
        let path = fs::read_link(self.descriptor_link(number)).ok()?;
        path.is_absolute().then_some(path)
    }

    /// Its working directory, as a link that leads there.
    pub(super) fn working_directory(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/cwd", self.thread))
    }

    /// What an absolute path of the caller means in the host, where /proc/self is the host.
    pub(super) fn as_the_host_finds_it(&self, path: &Path) -> Option<PathBuf> {
        if let Ok(rest) = path.strip_prefix("/proc/self") {
            return Some(PathBuf::from(format!("/proc/{}", self.process().ok()??)).join(rest));
        }
        if let Ok(rest) = path.strip_prefix("/proc/thread-self") {
            return Some(PathBuf::from(format!("/proc/{}", self.thread)).join(rest));
        }
        Some(path.to_owned())
    }

    /// A path that the host can open, for a relative path of the caller.
    pub(super) fn absolute(&self, path: &Path) -> Option<PathBuf> {
        if path.is_absolute() {
            return Some(path.to_path_buf());
        }
        Some(fs::read_link(format!("/proc/{}/cwd", self.thread)).ok()?.join(path))
    }
}

/// The stack pointer in what /proc says of a thread's call. The kernel reports a call a moment before the thread goes to sleep in it, and says
/// only that it runs until then: with one processor the supervisor often looks in that moment.
fn stack_of_waiting(mut look: impl FnMut() -> Option<String>) -> Option<u64> {
    let until = Instant::now() + UNTIL_ASLEEP;
    loop {
        let text = look()?;
        if !text.starts_with("running") {
            let pointer = text.split_whitespace().rev().nth(1)?;
            return u64::from_str_radix(pointer.strip_prefix("0x")?, 16).ok();
        }
        if Instant::now() >= until {
            return None;
        }
        thread::sleep(PAUSE);
    }
}

/// The inode in the link of a socket's descriptor.
fn of_socket(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_by_the_file_as_by_the_call() {
        let own = Target::new(std::process::id());
        let text = *b"some bytes of this process";
        let (mut by_call, mut by_file) = ([0; 26], [0; 26]);
        let address = text.as_ptr() as u64;
        assert_eq!(own.read(address, &mut by_call).expect("readable"), 26);
        assert_eq!(own.read_by_file(address, &mut by_file).expect("readable"), 26);
        assert_eq!((by_call, by_file), (text, text));
        for nowhere in [0, 8, u64::MAX - 64] {
            let errno = |read: io::Result<usize>| read.expect_err("not mapped").raw_os_error();
            assert_eq!(errno(own.read(nowhere, &mut by_call)), Some(libc::EFAULT));
            let by_file = errno(own.read_by_file(nowhere, &mut by_file));
            assert!(matches!(by_file, Some(libc::EFAULT | libc::EINVAL)), "{by_file:?}");
        }
    }

    #[test]
    fn a_thread_that_does_not_sleep_yet_is_looked_at_again() {
        let asleep = "58 0x1df6915 0x7ffd10 0x1 0x0 0x0 0x0 0x7ffdb2aaf0a0 0x7fa6ba64b3b8\n";
        let mut said = ["running\n", "running\n", asleep].into_iter();
        assert_eq!(
            stack_of_waiting(|| said.next().map(str::to_owned)),
            Some(0x7ffd_b2aa_f0a0)
        );
        assert_eq!(said.next(), None);
        let mut ended = ["running\n"].into_iter();
        assert_eq!(stack_of_waiting(|| ended.next().map(str::to_owned)), None);
        assert_eq!(stack_of_waiting(|| Some("running\n".to_owned())), None);
        assert_eq!(
            stack_of_waiting(|| Some("-1 0x7ffdb2aaf0a0 0x7fa6ba64b3b8\n".to_owned())),
            Some(0x7ffd_b2aa_f0a0)
        );
    }

    #[test]
    fn links_of_sockets_are_recognised() {
        assert_eq!(of_socket(Path::new("socket:[12]")), Some(12));
        for other in ["/socket:[12]", "socket:[]", "socket:[x]", "pipe:[12]", "/tmp/x"] {
            assert_eq!(of_socket(Path::new(other)), None, "{other}");
        }
    }
}
