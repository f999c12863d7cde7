//! Hints for machines that cannot enforce the sandbox: what to do on each distribution and in each surrounding.

/// The kernel cannot hold the sandbox.
pub const SANDBOX_UNAVAILABLE: &str =
    "run on such a kernel, or set sandbox: \"off\" and isolate the host in another way";
/// The system is not Linux, so no sandbox can be made.
pub const NO_SANDBOX_HERE: &str = "for development set sandbox: \"off\" (or TOOLWARDEN_SANDBOX=off), which lets tools do whatever this user may; for a sandbox run the host in a Linux container or virtual machine";
/// The kernel cannot hold a list of programs.
pub const NO_PROGRAM_LISTS: &str = "leave --allow-run out, or use a newer kernel";
/// Another seccomp listener is installed already.
pub const NO_HOST_LISTS: &str =
    "allow all of the network or none of it, or run outside the sandbox that already listens";
/// A container keeps the supervisor from reading what a worker calls.
pub const MAY_NOT_READ_CALLS: &str = "allow process_vm_readv in the container's seccomp profile, or give the container the capability SYS_PTRACE (`docker run --cap-add SYS_PTRACE`); kernel.yama.ptrace_scope must be 0 or 1";
/// A container keeps the supervisor from reaching a worker's sockets.
pub const MAY_NOT_HAVE_SOCKETS: &str = "allow pidfd_open and pidfd_getfd in the container's seccomp profile, or give the container the capability SYS_PTRACE (`docker run --cap-add SYS_PTRACE`)";
/// A filter around this process refuses Landlock.
pub const PERMIT_LANDLOCK: &str = "let the container's seccomp profile allow landlock_create_ruleset, landlock_add_rule, landlock_restrict_self and seccomp, as the default profiles of current Docker, containerd and Podman do";

/// A container on a kernel that is too old.
pub const NEWER_HOST: &str = "run the container on a host with Linux 5.13 or newer: a container has its host's kernel";
/// The kernel of WSL is too old.
pub const UPDATE_WSL: &str = "run `wsl --update` and `wsl --shutdown` in Windows";
/// The kernel of AWS Lambda is too old.
pub const NOT_ON_LAMBDA: &str = "run it where you choose the kernel, such as Amazon Linux 2023 on ECS or EC2";
/// Debian 11 and older.
pub const NEWER_DEBIAN: &str = "upgrade to Debian 12 or newer, whose kernel has Landlock";
/// Ubuntu 20.04.
pub const NEWER_KERNEL_FOR_FOCAL: &str = "run `apt install --install-recommends linux-generic-hwe-20.04` (Linux 5.15) and reboot, or upgrade to Ubuntu 22.04 or newer";
/// Ubuntu before 22.04.
pub const NEWER_UBUNTU: &str = "upgrade to Ubuntu 22.04 or newer, whose kernel has Landlock";
/// Red Hat 8 and those that follow it.
pub const NEWER_RED_HAT: &str = "upgrade to version 9 or newer of the distribution, whose kernel is 5.14 or newer";
/// Amazon Linux 2 and older.
pub const NEWER_AMAZON: &str = "move to Amazon Linux 2023, whose kernel has Landlock";
/// A release with apt whose packages have a newer kernel.
pub const UPGRADE_WITH_APT: &str = "run `apt full-upgrade` and reboot into a kernel of 5.13 or newer";
/// A release with dnf whose packages have a newer kernel.
pub const UPGRADE_WITH_DNF: &str = "run `dnf upgrade kernel` and reboot into a kernel of 5.13 or newer";
/// An unknown distribution with an old kernel.
pub const NEWER_KERNEL: &str = "boot a kernel of 5.13 or newer with Landlock";

/// The kernel seems to be built without Landlock; on a machine of one's own.
pub const OWN_KERNEL: &str = "look for CONFIG_SECURITY_LANDLOCK in /boot/config-$(uname -r), and boot your distribution's own kernel if it is not set";

/// The same in a container.
pub fn kernel_of_host() -> String {
    format!("{PERMIT_LANDLOCK}; the host's kernel must have CONFIG_SECURITY_LANDLOCK=y")
}

/// The same in WSL.
pub fn kernel_of_wsl() -> String {
    format!("{UPDATE_WSL}, or build a kernel with CONFIG_SECURITY_LANDLOCK=y")
}

/// The list of active modules is not known.
pub const LANDLOCK_FIRST: &str = "lsm=landlock,... (before what /sys/kernel/security/lsm names)";

/// Landlock before the modules that are active, as a word of the kernel's command line.
pub fn landlock_before(active: &str) -> String {
    format!("lsm=landlock,{active}")
}

/// Landlock is switched off, on a distribution that configures GRUB by a file; `list` is a word of the command line.
pub fn switch_on_with_update_grub(list: &str) -> String {
    format!("add {list} to GRUB_CMDLINE_LINUX in /etc/default/grub, run `update-grub` and reboot")
}

/// The same with grubby.
pub fn switch_on_with_grubby(list: &str) -> String {
    format!("run `grubby --update-kernel=ALL --args={list}` and reboot")
}

/// The same on any other machine.
pub fn switch_on(list: &str) -> String {
    format!("boot with {list}")
}

/// The same in a container.
pub fn switch_on_host(list: &str) -> String {
    format!("boot the container's host with {list}")
}

/// The same in WSL.
pub fn switch_on_in_wsl(list: &str) -> String {
    format!("add `kernelCommandLine = {list}` to [wsl2] in .wslconfig and run `wsl --shutdown`")
}

/// Whatever else helps, the sandbox can be left out.
pub fn or_without(advice: &str) -> String {
    format!("{advice}; or set sandbox: \"off\" and isolate the host in another way")
}
