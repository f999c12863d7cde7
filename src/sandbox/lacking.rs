//! Says why a machine cannot enforce the sandbox, and what to do there: from what was found, without looking at
//! anything.

use super::distribution::{Distribution, Family};
use crate::error::hints::kernel as advice;

/// What every machine needs.
pub(super) const REQUIRED: &str = "the sandbox needs Linux 5.13 or newer with Landlock and seccomp";
/// The first Linux with Landlock.
const LANDLOCK_SINCE: (u32, u32) = (5, 13);

/// Where a program runs, as far as it decides about the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// The distribution brings the kernel.
    Machine(Distribution),
    /// The kernel is that of the container's host.
    Container,
    /// Windows brings the kernel.
    Wsl,
    /// Amazon brings the kernel.
    Lambda,
}

/// What is known about Landlock's absence.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The kernel's release, such as 5.10.0-32-amd64.
    pub(super) release: String,
    /// The error of the first system call of Landlock.
    pub(super) errno: i32,
    /// The security modules that are active.
    pub(super) modules: Option<String>,
    pub(super) surroundings: Surroundings,
}

/// What is missing, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Explanation {
    pub(super) message: String,
    pub(super) hint: String,
}

/// Why Landlock is not there.
pub(super) fn without_landlock(found: &Found) -> Explanation {
    let kernel = kernel(found);
    let (what, hint) = match found.errno {
        libc::EOPNOTSUPP => switched_off(found),
        libc::ENOSYS if is_older(&found.release) => (
            format!("{kernel} has none of Landlock, which came with 5.13"),
            newer_kernel(&found.surroundings),
        ),
        libc::ENOSYS => (
            format!(
                "{kernel} answers as if it had no Landlock: it was built without CONFIG_SECURITY_LANDLOCK, or a filter around this process hides it"
            ),
            rebuilt_kernel(&found.surroundings),
        ),
        errno => (
            format!(
                "a filter around this process refuses Landlock's system calls ({})",
                std::io::Error::from_raw_os_error(errno)
            ),
            advice::PERMIT_LANDLOCK.to_owned(),
        ),
    };
    Explanation {
        message: format!("{REQUIRED}: {what}"),
        hint: advice::or_without(&hint),
    }
}

fn kernel(found: &Found) -> String {
    match &found.surroundings {
        Surroundings::Machine(distribution) if !distribution.name.is_empty() => {
            format!("Linux {} of this machine ({})", found.release, distribution.name)
        }
        Surroundings::Container => format!("Linux {} of this container's host", found.release),
        Surroundings::Wsl => format!("Linux {} of this WSL", found.release),
        Surroundings::Lambda => format!("Linux {} of AWS Lambda", found.release),
        Surroundings::Machine(_) => format!("Linux {} of this machine", found.release),
    }
}

fn is_older(release: &str) -> bool {
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    matches!((next(), next()), (Some(major), Some(minor)) if (major, minor) < LANDLOCK_SINCE)
}

fn newer_kernel(surroundings: &Surroundings) -> String {
    match surroundings {
        Surroundings::Container => advice::NEWER_HOST,
        Surroundings::Wsl => advice::UPDATE_WSL,
        Surroundings::Lambda => advice::NOT_ON_LAMBDA,
        Surroundings::Machine(distribution) => match (distribution.family, distribution.major) {
            (Family::Debian, 1..=11) => advice::NEWER_DEBIAN,
            (Family::Ubuntu, 20) => advice::NEWER_KERNEL_FOR_FOCAL,
            (Family::Ubuntu, 1..=21) => advice::NEWER_UBUNTU,
            (Family::RedHat, 1..=8) => advice::NEWER_RED_HAT,
            (Family::Amazon, 1..=2) => advice::NEWER_AMAZON,
            (Family::Debian | Family::Ubuntu, _) => advice::UPGRADE_WITH_APT,
            (Family::RedHat | Family::Amazon, _) => advice::UPGRADE_WITH_DNF,
            (Family::Other, _) => advice::NEWER_KERNEL,
        },
    }
    .to_owned()
}

fn rebuilt_kernel(surroundings: &Surroundings) -> String {
    match surroundings {
        Surroundings::Container => advice::kernel_of_host(),
        Surroundings::Wsl => advice::kernel_of_wsl(),
        Surroundings::Machine(_) | Surroundings::Lambda => advice::OWN_KERNEL.to_owned(),
    }
}

/// Landlock is part of the kernel, but not in the list of active modules.
fn switched_off(found: &Found) -> (String, String) {
    let active = found
        .modules
        .as_deref()
        .map(str::trim)
        .filter(|modules| !modules.is_empty());
    let what = match active {
        Some(modules) => format!(
            "{} has Landlock, but it is switched off: active are {modules}",
            kernel(found)
        ),
        None => format!("{} has Landlock, but it is switched off", kernel(found)),
    };
    let list = active.map_or_else(|| advice::LANDLOCK_FIRST.to_owned(), advice::landlock_before);
    let hint = match &found.surroundings {
        Surroundings::Machine(distribution) => match distribution.family {
            Family::Debian | Family::Ubuntu => advice::switch_on_with_update_grub(&list),
            Family::RedHat | Family::Amazon => advice::switch_on_with_grubby(&list),
            Family::Other => advice::switch_on(&list),
        },
        Surroundings::Container => advice::switch_on_host(&list),
        Surroundings::Wsl => advice::switch_on_in_wsl(&list),
        Surroundings::Lambda => newer_kernel(&found.surroundings),
    };
    (what, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(errno: i32, release: &str, surroundings: Surroundings) -> Explanation {
        without_landlock(&Found {
            release: release.to_owned(),
            errno,
            modules: Some("lockdown,capability,yama\n".to_owned()),
            surroundings,
        })
    }

    fn of(text: &str) -> Surroundings {
        Surroundings::Machine(Distribution::parse(text))
    }

    #[test]
    fn an_old_kernel_is_named_with_the_way_to_a_newer_one() {
        let debian = of("PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\nID=debian\nVERSION_ID=11");
        let Explanation { message, hint } = found(libc::ENOSYS, "5.10.0-32-amd64", debian);
        assert_eq!(
            message,
            "the sandbox needs Linux 5.13 or newer with Landlock and seccomp: Linux 5.10.0-32-amd64 of this machine (Debian GNU/Linux 11 (bullseye)) has none of Landlock, which came with 5.13"
        );
        assert_eq!(
            hint,
            "upgrade to Debian 12 or newer, whose kernel has Landlock; or set sandbox: \"off\" and isolate the host in another way"
        );
        for (system, advice) in [
            (of("ID=ubuntu\nVERSION_ID=20.04"), "linux-generic-hwe-20.04"),
            (of("ID=rocky\nID_LIKE=rhel\nVERSION_ID=8.9"), "version 9"),
            (of("ID=amzn\nVERSION_ID=2"), "Amazon Linux 2023"),
            (of(""), "5.13 or newer with Landlock"),
            (Surroundings::Container, "container on a host"),
            (Surroundings::Wsl, "wsl --update"),
            (Surroundings::Lambda, "ECS or EC2"),
        ] {
            let hint = found(libc::ENOSYS, "4.18.0-553", system).hint;
            assert!(hint.contains(advice), "{hint}");
        }
    }

    #[test]
    fn a_module_that_is_switched_off_is_switched_on_by_the_distributions_means() {
        for (system, advice) in [
            (of("ID=debian\nVERSION_ID=12"), "update-grub"),
            (of("ID=fedora\nVERSION_ID=40"), "grubby --update-kernel=ALL"),
            (Surroundings::Wsl, ".wslconfig"),
            (Surroundings::Container, "container's host"),
        ] {
            let Explanation { message, hint } = found(libc::EOPNOTSUPP, "6.1.0", system);
            assert!(
                message.ends_with("switched off: active are lockdown,capability,yama"),
                "{message}"
            );
            assert!(
                hint.contains("lsm=landlock,lockdown,capability,yama") && hint.contains(advice),
                "{hint}"
            );
        }
    }

    #[test]
    fn a_kernel_without_it_and_a_filter_are_told_apart() {
        let built = found(libc::ENOSYS, "6.1.0-1-custom", of(""));
        assert!(built.message.contains("CONFIG_SECURITY_LANDLOCK"), "{built:?}");
        let filtered = found(libc::EPERM, "6.1.0", Surroundings::Container);
        assert!(filtered.message.contains("Operation not permitted"), "{filtered:?}");
        assert!(filtered.hint.contains("landlock_restrict_self"), "{filtered:?}");
    }
}
