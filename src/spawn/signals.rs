//! Names of signals as people write them.

/// "SIGSEGV" for 11; "SIGRTMIN+2" for a real-time one; "signal 99" for a number that the system does not have.
pub fn signal_name(signal: i32) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(number, _)| *number == signal) {
        return (*name).to_owned();
    }
    real_time(signal).unwrap_or_else(|| format!("signal {signal}"))
}

#[cfg(target_os = "linux")]
fn real_time(signal: i32) -> Option<String> {
    let first = libc::SIGRTMIN();
    (first..=libc::SIGRTMAX())
        .contains(&signal)
        .then(|| match signal - first {
            0 => "SIGRTMIN".to_owned(),
            offset => format!("SIGRTMIN+{offset}"),
        })
}

/// macOS has none.
#[cfg(not(target_os = "linux"))]
fn real_time(_signal: i32) -> Option<String> {
    None
}

const NAMES: &[(i32, &str)] = &[
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGQUIT, "SIGQUIT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGUSR2, "SIGUSR2"),
    (libc::SIGPIPE, "SIGPIPE"),
    (libc::SIGALRM, "SIGALRM"),
    (libc::SIGTERM, "SIGTERM"),
    #[cfg(target_os = "linux")]
    (libc::SIGSTKFLT, "SIGSTKFLT"),
    (libc::SIGCHLD, "SIGCHLD"),
    (libc::SIGCONT, "SIGCONT"),
    (libc::SIGSTOP, "SIGSTOP"),
    (libc::SIGTSTP, "SIGTSTP"),
    (libc::SIGTTIN, "SIGTTIN"),
    (libc::SIGTTOU, "SIGTTOU"),
    (libc::SIGURG, "SIGURG"),
    (libc::SIGXCPU, "SIGXCPU"),
    (libc::SIGXFSZ, "SIGXFSZ"),
    (libc::SIGVTALRM, "SIGVTALRM"),
    (libc::SIGPROF, "SIGPROF"),
    (libc::SIGWINCH, "SIGWINCH"),
    (libc::SIGIO, "SIGIO"),
    #[cfg(target_os = "linux")]
    (libc::SIGPWR, "SIGPWR"),
    #[cfg(target_os = "macos")]
    (libc::SIGEMT, "SIGEMT"),
    #[cfg(target_os = "macos")]
    (libc::SIGINFO, "SIGINFO"),
    (libc::SIGSYS, "SIGSYS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_signal_has_a_name() {
        for signal in 1..=31 {
            assert!(signal_name(signal).starts_with("SIG"), "{signal}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn realtime_and_unknown_signals_are_named_by_number() {
        assert_eq!(signal_name(libc::SIGSEGV), "SIGSEGV");
        assert_eq!(signal_name(libc::SIGRTMIN()), "SIGRTMIN");
        assert_eq!(signal_name(libc::SIGRTMIN() + 2), "SIGRTMIN+2");
        assert_eq!(signal_name(99), "signal 99");
    }
}
