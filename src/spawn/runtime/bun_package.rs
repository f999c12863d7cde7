//! Finds Bun in its npm package.
//!
//! `node_modules/bun/bin/bun.exe` is a text file until the package's install script has run, which never happens with
//! --ignore-scripts or with a package manager that asks first. The program itself comes in a platform package, for
//! example `@oven/bun-linux-x64`; the script moves it to `bun.exe` or links it. Both locations are tried.

use std::path::{Path, PathBuf};

use super::executable::{Executable, RuntimeFormat, inspect};

/// The program of the nearest `bun` package for files in `dir`; a parent directory may contain it.
pub(super) fn find_from(dir: &Path, cpu: Cpu) -> Option<Executable> {
    dir.ancestors().find_map(|above| {
        let modules = above.join("node_modules");
        in_package(&modules.join("bun"), cpu)
            .or_else(|| platform_package(&modules, cpu))
            .or_else(|| unplugged(above, cpu))
    })
}

/// Yarn's Plug'n'Play has no `node_modules` of the project: packages with programs or install scripts are unpacked, each
/// in a `node_modules` of its own.
fn unplugged(project: &Path, cpu: Cpu) -> Option<Executable> {
    let unpacked = std::fs::read_dir(project.join(".yarn/unplugged")).ok()?;
    let mut each: Vec<PathBuf> = unpacked
        .flatten()
        .map(|entry| entry.path().join("node_modules"))
        .collect();
    // What remains of an earlier version comes first by name.
    each.sort_unstable();
    each.iter()
        .rev()
        .find_map(|modules| program(&modules.join("bun/bin/bun.exe")).or_else(|| platform_package(modules, cpu)))
}

/// The real program behind a file of a `bun` package, if the file is in one.
pub(super) fn stands_for(real: &Path, cpu: Cpu) -> Option<Executable> {
    let package = real.parent()?.parent()?;
    if package.file_name()? != "bun" || package.parent()?.file_name()? != "node_modules" {
        return None;
    }
    in_package(package, cpu)
}

fn in_package(package: &Path, cpu: Cpu) -> Option<Executable> {
    // pnpm links the package to a directory where its dependencies are its neighbours.
    let package = package.canonicalize().ok()?;
    program(&package.join("bin/bun.exe"))
        .or_else(|| program(&package.join("bin/bun")))
        .or_else(|| {
            package
                .ancestors()
                .find_map(|above| platform_package(&above.join("node_modules"), cpu))
        })
}

fn platform_package(modules: &Path, cpu: Cpu) -> Option<Executable> {
    platform_names(cpu)
        .iter()
        .find_map(|name| program(&modules.join("@oven").join(name).join("bin/bun")))
}

fn program(path: &Path) -> Option<Executable> {
    inspect(path)
        .ok()
        .filter(|found| found.format == RuntimeFormat::MachineCode)
}

/// The properties of this machine that decide which build of Bun runs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cpu {
    pub(super) macos: bool,
    pub(super) arm: bool,
    pub(super) avx2: bool,
    pub(super) musl: bool,
}

impl Cpu {
    /// Detects this machine's. The C library is the one this code was built for, since the code was loaded into the
    /// host with it.
    pub(super) fn own() -> Self {
        Self {
            macos: cfg!(target_os = "macos"),
            arm: cfg!(target_arch = "aarch64"),
            avx2: has_avx2(),
            musl: cfg!(target_env = "musl"),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

/// Best first. Newer versions have no separate baseline build, so the other build is tried too.
fn platform_names(cpu: Cpu) -> Vec<String> {
    let machine = if cpu.arm { "aarch64" } else { "x64" };
    let libc = if cpu.musl { "-musl" } else { "" };
    let system = if cpu.macos { "darwin" } else { "linux" };
    let standard = format!("bun-{system}-{machine}{libc}");
    let baseline = format!("{standard}-baseline");
    match (cpu.arm, cpu.avx2) {
        (true, _) => vec![standard],
        (false, true) => vec![standard, baseline],
        (false, false) => vec![baseline, standard],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_follows_system_processor_and_c_library() {
        let of = |macos| move |arm, avx2, musl| platform_names(Cpu { macos, arm, avx2, musl });
        let (cpu, mac) = (of(false), of(true));
        assert_eq!(cpu(false, true, false), ["bun-linux-x64", "bun-linux-x64-baseline"]);
        assert_eq!(cpu(false, false, false), ["bun-linux-x64-baseline", "bun-linux-x64"]);
        assert_eq!(
            cpu(false, true, true),
            ["bun-linux-x64-musl", "bun-linux-x64-musl-baseline"]
        );
        assert_eq!(cpu(true, false, false), ["bun-linux-aarch64"]);
        assert_eq!(cpu(true, false, true), ["bun-linux-aarch64-musl"]);
        assert_eq!(mac(true, false, false), ["bun-darwin-aarch64"]);
        assert_eq!(mac(false, false, false), ["bun-darwin-x64-baseline", "bun-darwin-x64"]);
    }
}
