//! Finds the runtime in directories that the tests make, and checks what Bun does with our command line.
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use toolwarden::config::RuntimeType;
use toolwarden::error::Code;
use toolwarden::spawn::{
    FindRuntime, FoundIn, NodeVersion, Runtime, RuntimeFormat, bun_arguments, find_runtime, node_version,
};

/// The file that npm installs if Bun's install script did not run.
const PLACEHOLDER: &str = "echo \"Error: Bun's postinstall script was not run.\" >&2\nexit 1\n";
/// The platform package of this machine's build.
const PLATFORM: &str = match (cfg!(target_os = "macos"), cfg!(target_arch = "aarch64")) {
    (false, false) => "bun-linux-x64",
    (false, true) => "bun-linux-aarch64",
    (true, false) => "bun-darwin-x64",
    (true, true) => "bun-darwin-aarch64",
};

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(relative)
    }

    fn file(&self, relative: &str, content: &[u8]) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Any machine code will do, because it is not run.
    fn program(&self, relative: &str) -> PathBuf {
        self.file(relative, &fs::read("/bin/sh").unwrap())
    }

    fn link(&self, relative: &str, target: &str) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, &path).unwrap();
        path
    }

    fn find(
        &self,
        kind: RuntimeType,
        change: impl FnOnce(&mut Search),
    ) -> Result<Runtime, Box<toolwarden::error::Error>> {
        let mut search = Search {
            runtime_path: None,
            working_dir: self.path("project"),
            host_dirs: Vec::new(),
            path_var: String::new(),
            host_executable: None,
        };
        fs::create_dir_all(&search.working_dir).unwrap();
        change(&mut search);
        find_runtime(&FindRuntime {
            kind,
            runtime_path: search.runtime_path.as_deref(),
            working_dir: &search.working_dir,
            host_dirs: &search.host_dirs,
            path_var: &search.path_var,
            host_executable: search.host_executable.as_deref(),
        })
    }

    fn bun(&self, change: impl FnOnce(&mut Search)) -> Runtime {
        self.find(RuntimeType::Bun, change).unwrap()
    }
}

struct Search {
    runtime_path: Option<String>,
    working_dir: PathBuf,
    host_dirs: Vec<PathBuf>,
    path_var: String,
    host_executable: Option<PathBuf>,
}

fn platform(modules: &str) -> String {
    format!("{modules}/@oven/{PLATFORM}/bin/bun")
}

#[test]
fn on_path_at_its_real_path() {
    let place = Place::new();
    let real = place.program("opt/bun-1.4.5");
    place.link("bin/bun", "../opt/bun-1.4.5");
    let path_var = format!("relative:/nonexistent:{}", place.path("bin").display());
    let found = place.bun(|search| search.path_var = path_var);
    assert_eq!(
        (found.path, found.format, found.found_in),
        (real, RuntimeFormat::MachineCode, FoundIn::Path)
    );
}

#[test]
fn the_package_whose_install_script_ran() {
    let place = Place::new();
    let real = place.program("project/node_modules/bun/bin/bun.exe");
    let found = place.bun(|_| ());
    assert_eq!((found.path, found.found_in), (real, FoundIn::Package));
}

#[test]
fn the_package_that_plug_n_play_unpacked() {
    let place = Place::new();
    place.file(".yarn/unplugged/zod-npm-4.6.7-0/node_modules/zod/index.js", b"");
    let by_script = place.program(".yarn/unplugged/bun-npm-1.4.5-0a1b2c3d4e/node_modules/bun/bin/bun.exe");
    assert_eq!(
        place.bun(|_| ()).path,
        by_script,
        "a directory above the working directory"
    );
    fs::write(&by_script, PLACEHOLDER).unwrap();
    let packed = place.program(&platform(".yarn/unplugged/@oven-bun-linux-npm-1.4.5-ffff/node_modules"));
    let found = place.bun(|_| ());
    assert_eq!((found.path, found.found_in), (packed, FoundIn::Package));
}

#[test]
fn the_package_whose_install_script_did_not_run() {
    let place = Place::new();
    place.file("project/node_modules/bun/bin/bun.exe", PLACEHOLDER.as_bytes());
    let real = place.program(&platform("project/node_modules"));
    assert_eq!(place.bun(|_| ()).path, real);
    // The same with the PATH that `npm run` sets.
    place.link("project/node_modules/.bin/bun", "../bun/bin/bun.exe");
    let path_var = place.path("project/node_modules/.bin").display().to_string();
    let found = place.bun(|search| {
        search.path_var = path_var;
        search.working_dir = "/".into();
    });
    assert_eq!((found.path, found.found_in), (real.clone(), FoundIn::Package));
    // The same if the user names it.
    let found = place.bun(|search| search.runtime_path = Some("node_modules/.bin/bun".into()));
    assert_eq!((found.path, found.found_in), (real, FoundIn::RuntimePath));
}

#[test]
fn pnpms_layout() {
    let place = Place::new();
    let store = "project/node_modules/.pnpm/bun@1.4.5/node_modules";
    place.file(&format!("{store}/bun/bin/bun.exe"), PLACEHOLDER.as_bytes());
    let real = place.program(&platform(store));
    place.link("project/node_modules/bun", ".pnpm/bun@1.4.5/node_modules/bun");
    assert_eq!(place.bun(|_| ()).path, real);
}

#[test]
fn directories_above_and_those_of_the_host() {
    let place = Place::new();
    let above = place.program("node_modules/bun/bin/bun.exe");
    assert_eq!(
        place
            .bun(|search| search.working_dir = place.path("project/deep/er"))
            .path,
        above
    );

    let place = Place::new();
    let hosts = place.program("host/node_modules/bun/bin/bun.exe");
    let dirs = vec![place.path("elsewhere"), place.path("host/dist")];
    assert_eq!(place.bun(|search| search.host_dirs = dirs).path, hosts);
}

#[test]
fn a_version_managers_shim_is_passed_over() {
    let place = Place::new();
    place.program("manager/mise");
    place.link("shims/bun", "../manager/mise");
    let path_var = place.path("shims").display().to_string();
    let error = place
        .find(RuntimeType::Bun, |search| search.path_var = path_var.clone())
        .unwrap_err();
    assert!(
        error.message.contains("shims/bun (a shim of another program)"),
        "{}",
        error.message
    );
    // Later places on PATH are searched too.
    let real = place.program("project/node_modules/bun/bin/bun.exe");
    assert_eq!(place.bun(|search| search.path_var = path_var).path, real);
}

#[test]
fn a_missing_runtime_is_reported_with_the_searched_paths_and_a_remedy() {
    let place = Place::new();
    let error = place
        .find(RuntimeType::Bun, |search| {
            search.path_var = "/nonexistent".into();
            search.host_dirs = vec!["/host".into()];
        })
        .unwrap_err();
    assert_eq!(error.code, Code::RuntimeNotFound);
    assert_eq!(error.context.operation, Some("find runtime"));
    let project = place.path("project");
    let expected = format!(
        "bun executable not found on PATH (/nonexistent), nor as the npm package `bun` for {}, /host",
        project.display()
    );
    assert_eq!(error.message, expected);
    assert!(error.hint.unwrap().contains("npm install bun"));
}

#[test]
fn a_runtime_path_is_the_only_place() {
    let place = Place::new();
    place.program("project/node_modules/bun/bin/bun.exe");
    let error = place
        .find(RuntimeType::Bun, |search| {
            search.runtime_path = Some("tools/bun".into())
        })
        .unwrap_err();
    assert_eq!(error.code, Code::RuntimeNotFound);
    assert!(
        error
            .message
            .starts_with("bun executable not found: `runtimePath` is \"tools/bun\""),
        "{}",
        error.message
    );
    assert!(
        error.message.ends_with("project/tools/bun does not exist"),
        "{}",
        error.message
    );
}

#[test]
fn a_runtime_path_may_have_any_name_and_be_a_script() {
    let place = Place::new();
    let own = place.program("project/my-runtime");
    assert_eq!(
        place
            .bun(|search| search.runtime_path = Some("./my-runtime".into()))
            .path,
        own
    );
    let script = place.file("project/fake", b"#!/bin/sh\nexit 1\n");
    let found = place.bun(|search| search.runtime_path = Some(script.display().to_string()));
    assert_eq!((found.path, found.format), (script, RuntimeFormat::Script));
}

#[test]
fn node_on_path_then_the_host_itself() {
    let place = Place::new();
    // Bun puts a program named `node` on PATH that is Bun itself.
    place.program("fake/bun");
    place.link("fake/node", "bun");
    let host = place.program("host/node");
    let path_var = place.path("fake").display().to_string();
    let find = |search: &mut Search| {
        search.path_var = path_var.clone();
        search.host_executable = Some(host.clone());
    };
    let found = place.find(RuntimeType::Node, find).unwrap();
    assert_eq!((found.path, found.found_in), (host.clone(), FoundIn::Host));
    assert!(
        place
            .find(RuntimeType::Bun, |search| search.host_executable = Some(host.clone()))
            .is_err()
    );

    let real = place.program("usr/nodejs");
    let path_var = place.path("usr").display().to_string();
    let found = place
        .find(RuntimeType::Node, |search| search.path_var = path_var)
        .unwrap();
    assert_eq!((found.path, found.found_in), (real, FoundIn::Path));
}

fn real(kind: RuntimeType) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    find_runtime(&FindRuntime {
        kind,
        runtime_path: None,
        working_dir: root,
        host_dirs: &[],
        path_var: &std::env::var("PATH").unwrap(),
        host_executable: None,
    })
    .unwrap()
    .path
}

#[test]
fn the_real_node_reports_its_version() {
    let oldest = NodeVersion {
        major: 20,
        minor: 0,
        patch: 0,
    };
    assert!(node_version(&real(RuntimeType::Node)).unwrap() >= oldest);
}

/// The effects of the project's own files on Bun with these arguments, before the worker runs.
fn run_in_trapped_project(arguments: impl Fn(&Path) -> Vec<std::ffi::OsString>) -> String {
    let place = Place::new();
    place.file("project/.env", b"FROM_DOT_ENV=yes\n");
    place.file("project/bunfig.toml", b"preload = [\"./preload.js\"]\n");
    place.file("project/preload.js", b"console.log('preloaded')\n");
    let worker = place.file(
        "project/worker.mjs",
        b"console.log('env', process.env.FROM_DOT_ENV, process.argv.length)\n",
    );
    let output = Command::new(real(RuntimeType::Bun))
        .args(arguments(&worker))
        .env_clear()
        .current_dir(place.path("project"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_projects_own_settings_do_not_reach_the_worker() {
    assert_eq!(run_in_trapped_project(bun_arguments), "env undefined 2\n");
    // The traps work when nothing protects against them.
    assert_eq!(
        run_in_trapped_project(|worker| vec![worker.into()]),
        "preloaded\nenv yes 2\n"
    );
}

/// How often Bun requests a missing package from a registry.
fn registry_requests(switches: &[&str], arguments: impl Fn(&Path) -> Vec<std::ffi::OsString>) -> usize {
    let place = Place::new();
    let worker = place.file("project/worker.mjs", b"import 'toolwarden-no-such-package'\n");
    let registry = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", registry.local_addr().unwrap());
    let answering = registry.try_clone().unwrap();
    let counter = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut asked = 0;
        for stream in answering.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap();
            if request[..read].starts_with(b"DONE") {
                return asked;
            }
            asked += 1;
            stream
                .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                .unwrap();
        }
        asked
    });
    let status = Command::new(real(RuntimeType::Bun))
        .args(switches)
        .args(arguments(&worker))
        .env_clear()
        .env("HOME", place.path("home"))
        .env("BUN_CONFIG_REGISTRY", url)
        .current_dir(place.path("project"))
        .output()
        .unwrap()
        .status;
    assert!(!status.success());
    std::io::Write::write_all(
        &mut std::net::TcpStream::connect(registry.local_addr().unwrap()).unwrap(),
        b"DONE",
    )
    .unwrap();
    counter.join().unwrap()
}

#[test]
fn no_package_is_fetched_even_when_installing_was_asked_for() {
    assert_eq!(registry_requests(&["-i"], bun_arguments), 0);
    // The trap works when nothing protects against it.
    assert_ne!(registry_requests(&["-i"], |worker| vec![worker.into()]), 0);
}
