//! The running processes of a group, and what each uses: `macos.rs` asks libproc, `proc.rs` reads /proc where there is one, which is
//! how the rest of this backend is tested on Linux.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "macos"))]
mod proc;

#[cfg(target_os = "macos")]
pub(super) use macos::{look_at, of_group};
#[cfg(not(target_os = "macos"))]
pub(super) use proc::{look_at, of_group};

/// A process that runs, and what it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) id: u32,
    /// Bytes of resident memory that belong to no file, where the system tells; otherwise all resident ones.
    pub(super) memory: u64,
    pub(super) threads: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_in_its_group_with_its_threads() {
        let group = rustix::process::getpgrp().as_raw_nonzero().get().unsigned_abs();
        let before = look_at(std::process::id()).expect("it runs");
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (up, running) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _ = up.send(());
            let _ = stopped.recv();
        });
        running.recv().expect("it runs");
        let members = of_group(group).expect("listed");
        let own = members
            .iter()
            .find(|member| member.id == std::process::id())
            .expect("this one");
        assert!(own.memory > 0 && own.threads > before.threads, "{before:?} {own:?}");
        drop(stop);
        thread.join().expect("it ends");
        assert_eq!(look_at(u32::MAX >> 1), None);
    }
}
