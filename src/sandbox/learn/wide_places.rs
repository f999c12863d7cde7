//! Directories that hold far more than one tool's files. They are never named because much in them was used, and where a tool
//! used one of them itself, this is said.

use std::path::Path;

/// Of the system. Every directory right below `/` counts as well.
const WELL_KNOWN: [&str; 14] = [
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/libexec",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/sbin",
    "/usr/share",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/tmp",
];

/// The places that depend on who runs a tool where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide<'a> {
    pub(super) working_dir: &'a Path,
    pub(super) home: Option<&'a Path>,
}

impl Wide<'_> {
    /// Whether it is such a directory: the working directory or one around it, the home directory or one around it, or one
    /// of the system's.
    pub(super) fn is(&self, directory: &Path) -> bool {
        self.working_dir.starts_with(directory)
            || self.home.is_some_and(|home| home.starts_with(directory))
            || directory.components().count() <= 2
            || WELL_KNOWN.iter().any(|known| directory == Path::new(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_and_the_systems_own_directories_are_wide() {
        let wide = Wide {
            working_dir: Path::new("/srv/app/project"),
            home: Some(Path::new("/home/me")),
        };
        for directory in [
            "/",
            "/etc",
            "/tmp",
            "/home",
            "/home/me",
            "/srv/app",
            "/srv/app/project",
            "/usr/share",
        ] {
            assert!(wide.is(Path::new(directory)), "{directory}");
        }
        for directory in [
            "/srv/app/project/data",
            "/home/me/data",
            "/usr/share/zoneinfo",
            "/tmp/mine",
            "/srv/other",
        ] {
            assert!(!wide.is(Path::new(directory)), "{directory}");
        }
    }
}
