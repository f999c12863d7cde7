//! Makes the shared libraries of the loader's path readable, because native addons load them.
//!
//! They are the distribution's and the same on every machine with the same packages, so they are no secret. Other files
//! on that path may be, so a directory is readable as a whole only where nothing except libraries and their data
//! belongs into it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::{Files, Kind};
use super::loader_cache;

/// glibc's built-in directories, for each way that distributions build it.
const DEFAULTS: &[&str] = &[
    #[cfg(target_arch = "x86_64")]
    "/lib/x86_64-linux-gnu",
    #[cfg(target_arch = "x86_64")]
    "/usr/lib/x86_64-linux-gnu",
    #[cfg(target_arch = "aarch64")]
    "/lib/aarch64-linux-gnu",
    #[cfg(target_arch = "aarch64")]
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
];
/// musl's built-in path, used where no file says otherwise.
const MUSL_DEFAULTS: &str = "/lib:/usr/local/lib:/usr/lib";
/// Stores in which each package has its own directory, so that a loader's directory contains the C library and nothing
/// else.
const STORES: [&str; 2] = ["/nix/store", "/gnu/store"];
/// Directories with libraries and much else, to which only the distribution writes.
const DISTRIBUTIONS: [&str; 2] = ["/usr/lib", "/lib"];
/// Each library that is named by itself is a rule, and each rule slows every start. No distribution that keeps other
/// files beside its libraries comes near this number; Arch, which has them all in /usr/lib, is far above.
const MOST_BY_NAME: usize = 128;

/// The directories and files to which the loader may be led. `loader` is the runtime's, `None` where it has none.
pub(super) fn readable(files: &dyn Files, loader: Option<&Path>) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    for directory in path(files, loader) {
        let Ok(real) = files.real(&directory) else {
            continue;
        };
        if !seen.insert(real.clone()) || found.iter().any(|above| real.starts_with(above)) {
            continue;
        }
        if is_of_libraries(&real) {
            found.push(real);
            continue;
        }
        let named = libraries_in(files, &real);
        if named.len() <= MOST_BY_NAME {
            found.extend(named);
        } else if DISTRIBUTIONS.iter().any(|of| real == Path::new(of)) {
            found.push(real);
        } else {
            found.extend(named.into_iter().take(MOST_BY_NAME));
        }
    }
    found
}

/// The search path of the loader that the runtime names.
fn path(files: &dyn Files, loader: Option<&Path>) -> Vec<PathBuf> {
    if let Some(list) = loader.and_then(musl_path_file) {
        let text = match files.kind(&list) {
            None => MUSL_DEFAULTS.to_owned(),
            Some(_) => String::from_utf8(files.bytes(&list).unwrap_or_default()).unwrap_or_default(),
        };
        return text
            .split([':', '\n'])
            .filter(|directory| directory.starts_with('/'))
            .map(PathBuf::from)
            .collect();
    }
    let cache = files.bytes(Path::new("/etc/ld.so.cache")).unwrap_or_default();
    let beside = loader.and_then(Path::parent).filter(|beside| in_store(beside));
    DEFAULTS
        .iter()
        .map(PathBuf::from)
        .chain(beside.map(Path::to_path_buf))
        .chain(loader_cache::directories(&cache))
        .collect()
}

/// The file that names musl's path, where the loader is musl's: two directories up from it, in `etc`.
pub(super) fn musl_path_file(loader: &Path) -> Option<PathBuf> {
    let name = loader.file_name()?.to_str()?;
    let machine = name.strip_prefix("ld-musl-")?.split('.').next()?;
    Some(loader.parent()?.parent()?.join(format!("etc/ld-musl-{machine}.path")))
}

/// Whether distributions use a directory of this name for libraries, their plug-ins and data only.
fn is_of_libraries(real: &Path) -> bool {
    let Some(name) = real.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let of_system = real.starts_with("/usr") || real.starts_with("/lib") || real == Path::new("/lib64");
    let named = name == "lib64" || name.contains("-linux-gnu") || name.contains("-linux-musl");
    (of_system && named) || in_store(real)
}

/// Whether a directory is the `lib` of one package of a store.
fn in_store(directory: &Path) -> bool {
    STORES.iter().any(|store| {
        directory
            .strip_prefix(store)
            .is_ok_and(|within| within.components().count() == 2 && within.ends_with("lib"))
    })
}

/// The libraries directly in a directory. Whoever may write there could link anything by the name of a library, and the
/// next manager would open it for tools; so only ELF files that everybody may read count.
fn libraries_in(files: &dyn Files, directory: &Path) -> Vec<PathBuf> {
    let named = files.list(directory).into_iter().filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".so") || name.contains(".so.")
    });
    let real: BTreeSet<PathBuf> = named.filter_map(|path| files.real(&path).ok()).collect();
    real.into_iter()
        .filter(|path| files.kind(path) == Some(Kind::File) && !files.private(path) && files.elf(path).is_some())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::files::fake::Fake;
    use super::super::loader_cache::made::cache;
    use super::*;

    fn shown(files: &Fake, loader: &str) -> Vec<String> {
        readable(files, Some(Path::new(loader)))
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn debian_has_a_directory_of_libraries_in_one_of_everything() {
        let debian = Fake::default()
            .link("/lib", "usr/lib")
            .link("/lib64", "usr/lib64")
            .library("/usr/lib64/ld-linux-x86-64.so.2")
            .library("/usr/lib/x86_64-linux-gnu/libstdc++.so.6")
            .library("/usr/lib/aarch64-linux-gnu/libstdc++.so.6")
            .library("/usr/lib/libodd.so.1.2")
            .link("/usr/lib/libodd.so.1", "libodd.so.1.2")
            .file("/usr/lib/cgi-bin/secret.conf")
            .file("/usr/lib/node_modules/x/.env")
            .library("/usr/local/lib/libown.so")
            .file("/usr/local/lib/node_modules/y/.env")
            .content(
                "/etc/ld.so.cache",
                &cache(&[
                    "/lib/x86_64-linux-gnu/libstdc++.so.6",
                    "/usr/local/lib/libown.so",
                    "/usr/lib/x86_64-linux-gnu/libfakeroot/libfakeroot-sysv.so",
                ]),
            );
        let own = if cfg!(target_arch = "x86_64") {
            "x86_64"
        } else {
            "aarch64"
        };
        let found = shown(&debian, "/usr/lib64/ld-linux-x86-64.so.2");
        for path in [
            &format!("/usr/lib/{own}-linux-gnu"),
            "/usr/lib64",
            "/usr/lib/libodd.so.1.2",
            "/usr/local/lib/libown.so",
        ] {
            assert!(found.iter().any(|shown| shown == path), "{path} in {found:?}");
        }
        for path in [
            "/usr/lib",
            "/usr/local/lib",
            "/usr/lib/cgi-bin",
            "/usr/local/lib/node_modules",
        ] {
            assert!(!found.iter().any(|shown| shown == path), "{path} in {found:?}");
        }
    }

    #[test]
    fn fedora_has_lib64_and_other_systems_use_their_loader_cache() {
        let fedora = Fake::default()
            .link("/lib64", "usr/lib64")
            .library("/usr/lib64/libstdc++.so.6")
            .library("/opt/oracle/lib/libclntsh.so.19.1")
            .file("/opt/oracle/lib/network/admin/wallet")
            .content(
                "/etc/ld.so.cache",
                &cache(&[
                    "/lib64/libstdc++.so.6",
                    "/opt/oracle/lib/libclntsh.so.19.1",
                    "/gone/liba.so",
                ]),
            );
        assert_eq!(
            shown(&fedora, "/usr/lib64/ld-linux-x86-64.so.2"),
            ["/usr/lib64", "/opt/oracle/lib/libclntsh.so.19.1"]
        );
    }

    #[test]
    fn arch_has_all_of_its_libraries_in_one_directory() {
        let mut arch = Fake::default()
            .link("/lib", "usr/lib")
            .link("/lib64", "usr/lib")
            .link("/usr/lib64", "lib");
        for number in 0..=MOST_BY_NAME {
            arch = arch.library(&format!("/usr/lib/lib{number}.so"));
        }
        assert_eq!(shown(&arch, "/usr/lib/ld-linux-x86-64.so.2"), ["/usr/lib"]);
    }

    #[test]
    fn a_crowd_of_libraries_opens_no_directory_but_the_distributions() {
        let mut files = Fake::default()
            .file("/srv/lib/secret")
            .content("/etc/ld.so.cache", &cache(&["/srv/lib/lib0.so"]));
        for number in 0..=MOST_BY_NAME {
            files = files.library(&format!("/srv/lib/lib{number:03}.so"));
        }
        let found = shown(&files, "/lib64/ld-linux-x86-64.so.2");
        assert_eq!(found.len(), MOST_BY_NAME);
        assert!(found.iter().all(|path| path.starts_with("/srv/lib/lib")), "{found:?}");
    }

    #[test]
    fn alpine_has_the_path_of_its_loader() {
        let alpine = Fake::default()
            .library("/lib/ld-musl-x86_64.so.1")
            .link("/lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1")
            .library("/usr/lib/libstdc++.so.6.0.33")
            .link("/usr/lib/libstdc++.so.6", "libstdc++.so.6.0.33")
            .file("/lib/apk/db/installed");
        let loader = "/lib/ld-musl-x86_64.so.1";
        assert_eq!(shown(&alpine, loader), [loader, "/usr/lib/libstdc++.so.6.0.33"]);
        let named = alpine
            .library("/opt/lib/libown.so")
            .content("/etc/ld-musl-x86_64.path", b"/opt/lib\n/lib:relative\n");
        assert_eq!(shown(&named, loader), ["/opt/lib/libown.so", loader]);
    }

    #[test]
    fn nixos_has_the_directory_of_its_loader() {
        let nixos = Fake::default()
            .library("/nix/store/abc-glibc-2.40/lib/ld-linux-x86-64.so.2")
            .file("/nix/store/xyz-secret/lib/conf");
        let found = shown(&nixos, "/nix/store/abc-glibc-2.40/lib/ld-linux-x86-64.so.2");
        assert_eq!(found, ["/nix/store/abc-glibc-2.40/lib"]);
    }

    #[test]
    fn a_file_that_is_only_named_like_a_library_is_not_readable() {
        let files = Fake::default()
            .file("/root/.ssh/id_rsa")
            .link("/usr/local/lib/libplanted.so", "/root/.ssh/id_rsa")
            .directory("/usr/local/lib/dir.so")
            .secret("/usr/local/lib/libkept.so.1")
            .library("/usr/local/lib/libtrue.so")
            .content("/etc/ld.so.cache", &cache(&["/usr/local/lib/libtrue.so"]));
        assert_eq!(
            shown(&files, "/lib64/ld-linux-x86-64.so.2"),
            ["/usr/local/lib/libtrue.so"]
        );
    }
}
