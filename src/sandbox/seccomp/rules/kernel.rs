//! Other processes' memory and descriptors, and kernel internals.

use super::super::row::AppliesWhen::*;
use super::super::row::{Row, row};
use super::errno::EPERM;

pub(super) const ROWS: &[Row] = &[
    row!(
        Everyone,
        EPERM,
        ["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"],
        "reads or takes what belongs to another process"
    ),
    row!(
        Everyone,
        EPERM,
        ["process_madvise", "process_mrelease"],
        "acts on another process's memory"
    ),
    row!(
        Everyone,
        EPERM,
        ["bpf", "perf_event_open", "userfaultfd", "modify_ldt"],
        "kernel surface that exploits are built from and no tool needs"
    ),
    row!(
        Everyone,
        EPERM,
        ["add_key", "request_key", "keyctl"],
        "keyrings are shared with the host's user"
    ),
    row!(
        Everyone,
        EPERM,
        [
            "init_module",
            "finit_module",
            "delete_module",
            "kexec_load",
            "kexec_file_load"
        ],
        "loads code into the kernel"
    ),
    row!(
        Everyone,
        EPERM,
        [
            "lookup_dcookie",
            "acct",
            "reboot",
            "vhangup",
            "syslog",
            "quotactl",
            "quotactl_fd"
        ],
        "administration of the machine"
    ),
    row!(
        Everyone,
        EPERM,
        ["iopl", "ioperm", "uselib", "sysfs"],
        "old interfaces to hardware and kernel"
    ),
    row!(
        Everyone,
        EPERM,
        ["sethostname", "setdomainname", "swapon", "swapoff"],
        "administration of the machine"
    ),
    row!(
        Everyone,
        EPERM,
        ["clock_settime", "clock_adjtime", "adjtimex", "settimeofday"],
        "sets the machine's clock"
    ),
];
