//! Who may read the terminal. The program leads a process group of its own, so that all of it can be ended, and the
//! kernel lets only one group read a terminal: it is given to the program while that runs in the foreground.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, Signal, getpgrp};
use rustix::termios::{isatty, tcgetpgrp, tcsetpgrp};

use crate::sandbox::blocked_signals::with_all_blocked;
use crate::spawn::Process;

/// The terminal that the host was started in.
#[derive(Debug)]
pub(super) struct Terminal {
    fd: OwnedFd,
    /// The host's group, with everything that the shell started together with it.
    own: Pid,
}

impl Terminal {
    /// `stdin`: the host's. `None` where it is no terminal, or another one than the host was started in.
    pub(super) fn of(stdin: &OwnedFd) -> Option<Self> {
        (isatty(stdin) && tcgetpgrp(stdin).is_ok()).then_some(())?;
        Some(Self {
            fd: stdin.try_clone().ok()?,
            own: getpgrp(),
        })
    }

    fn foreground(&self) -> Option<Pid> {
        tcgetpgrp(&self.fd).ok()
    }

    /// Whoever is not in the foreground may change that only with SIGTTOU blocked.
    fn set_foreground(&self, group: Pid) {
        let _ = with_all_blocked(|| tcsetpgrp(&self.fd, group));
    }

    /// Lets the program read, if the host could.
    pub(super) fn give(&self, process: &Process) {
        if self.foreground() == Some(self.own) {
            self.set_foreground(process.group());
        }
    }

    /// The program may not read any more.
    pub(super) fn take_back(&self, group: Pid) {
        if self.foreground() == Some(group) {
            self.set_foreground(self.own);
        }
    }

    /// The program has been stopped. It goes on at once if it only wanted to use the terminal before that was given to
    /// it; otherwise the host stops too, so that the shell takes over, and both go on when the shell continues the host.
    pub(super) fn stopped(&self, process: &Process, signal: i32) {
        let wants_terminal = signal == libc::SIGTTIN || signal == libc::SIGTTOU;
        let may_have_it = [Some(self.own), Some(process.group())].contains(&self.foreground());
        if !(wants_terminal && may_have_it) {
            self.take_back(process.group());
            stop_host();
        }
        self.give(process);
        process.signal(Signal::CONT, true);
    }
}

/// Returns once the host has been continued, or at once where nobody could continue it.
fn stop_host() {
    // SAFETY: no memory is passed. The second signal is this thread's own, and so is delivered before the call returns.
    unsafe {
        libc::kill(0, libc::SIGTSTP);
        libc::raise(libc::SIGTSTP);
    }
}
