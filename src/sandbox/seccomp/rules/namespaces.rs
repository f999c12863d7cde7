//! Mounts and namespaces: either would put other files under allowed names.

use super::super::row::AppliesWhen::*;
use super::super::row::{Row, Test, on, row};
use super::errno::{ENOSYS, EPERM};
use crate::sandbox::ORIGIN_CLONE;

/// NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. In clone() the low byte is the exit signal,
/// so NEWTIME (0x80) can only be asked of clone3 and unshare.
const CLONE_NAMESPACES: u32 = 0x7e02_0000;
/// PTRACE, PARENT, UNTRACED.
const CLONE_HIDDEN: u32 = 0x0080_a000;
const HIDDEN_CHILD: &str =
    "a child that is not its maker's but the host's, where nobody waits for it, or that a debugger is kept from";

pub(super) const ROWS: &[Row] = &[
    row!(
        Everyone,
        EPERM,
        [
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
            "open_tree",
            "open_tree_attr",
            "move_mount",
            "mount_setattr",
            "statmount",
            "listmount"
        ],
        "changes or lists what is mounted"
    ),
    row!(
        Everyone,
        EPERM,
        ["unshare", "setns"],
        "namespaces give rights the policy did not"
    ),
    row!(Everyone, EPERM, ["clone"] if [on(0, Test::Any(CLONE_NAMESPACES))], "namespaces give rights the policy did not"),
    row!(WithoutForks, EPERM, ["clone"] if [on(0, Test::Any(CLONE_HIDDEN))], HIDDEN_CHILD),
    row!(WithForks, EPERM, ["clone"] if [on(0, Test::Any(CLONE_HIDDEN)), on(0, Test::IsNot(ORIGIN_CLONE))], HIDDEN_CHILD),
    row!(
        Everyone,
        ENOSYS,
        ["clone3"],
        "its flags are in memory and cannot be inspected; libc falls back to clone"
    ),
];
