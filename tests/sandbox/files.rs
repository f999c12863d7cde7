//! Reading and writing.

use toolwarden::sandbox::probe;

use crate::harness::{Outcome, Project, Run, as_root_and_user};

const READS: &str = r#"
import fs from 'node:fs'
await attempt('package', () => fs.readFileSync('attack.mjs', 'utf8').length)
await attempt('open', () => fs.readFileSync(`${base}/open/data.txt`, 'utf8'))
await attempt('secret', () => fs.readFileSync(`${base}/outside/secret.txt`, 'utf8'))
await attempt('list', () => fs.readdirSync(`${base}/outside`))
await attempt('link', () => fs.readFileSync(`${base}/open/link`, 'utf8'))
await attempt('dotdot', () => fs.readFileSync(`${base}/open/../outside/secret.txt`, 'utf8'))
await attempt('passwd', () => fs.readFileSync('/etc/passwd', 'utf8').length)
await attempt('copy', () => fs.copyFileSync(`${base}/outside/secret.txt`, '/dev/null'))
await attempt('hard', () => { fs.linkSync(`${base}/outside/secret.txt`, 'stolen'); return fs.readFileSync('stolen', 'utf8') })
await attempt('import', async () => Object.keys(await import(`${base}/outside/code.mjs`)))
await attempt('environ', () => fs.readFileSync(`/proc/${hostPid}/environ`).length)
await attempt('init', () => fs.readFileSync('/proc/1/environ').length)
await attempt('mem', () => fs.openSync('/proc/self/mem', 'r'))
await attempt('hostmem', () => fs.openSync(`/proc/${hostPid}/mem`, 'r'))
await attempt('maps', () => fs.readFileSync('/proc/self/maps').length > 0)
await attempt('bun file', async () => (await Bun.file(`${base}/outside/secret.txt`).text()))
"#;

fn project() -> Project {
    let project = Project::new();
    std::os::unix::fs::symlink(project.path("outside/secret.txt"), project.path("open/link")).expect("linked");
    std::fs::write(project.path("outside/code.mjs"), "export const x = 1").expect("written");
    project
}

#[test]
fn without_flags_only_the_package_is_readable() {
    as_root_and_user(|| {
        let project = project();
        let outcome = Run::new(&project, &[]).script(READS);
        for held in ["package", "maps"] {
            outcome.done(held);
        }
        for name in [
            "open", "secret", "list", "link", "dotdot", "passwd", "copy", "hard", "import", "environ", "init", "mem",
            "hostmem", "bun file",
        ] {
            outcome.refused(name);
        }
    });
}

#[test]
fn a_list_is_enforced_by_inode_also_through_links() {
    as_root_and_user(|| {
        let project = project();
        let flag = format!("--allow-read={}", project.shown("open"));
        let outcome = Run::new(&project, &[&flag]).script(READS);
        outcome.done("open");
        for name in ["secret", "link", "dotdot", "list", "import", "passwd", "environ"] {
            outcome.refused(name);
        }
        let twin = format!("--allow-read={},{}", project.shown("open"), project.shown("outside"));
        let outcome = Run::new(&project, &[&twin]).script(READS);
        for name in ["open", "secret", "link", "dotdot", "list", "import", "bun file"] {
            outcome.done(name);
        }
        outcome.refused("passwd");
    });
}

#[test]
fn everything_is_every_file_but_those_of_other_processes() {
    as_root_and_user(|| {
        let project = project();
        let outcome = Run::new(&project, &["--allow-read"]).script(READS);
        for name in ["open", "secret", "link", "list", "passwd", "import", "bun file", "maps"] {
            outcome.done(name);
        }
        for name in ["environ", "init", "hostmem", "mem", "hard"] {
            outcome.refused(name);
        }
    });
}

const WRITES: &str = r#"
import fs from 'node:fs'
const open = `${base}/open`, outside = `${base}/outside`
await attempt('new', () => fs.writeFileSync(`${open}/new.txt`, 'x'))
await attempt('append', () => fs.appendFileSync(`${open}/data.txt`, 'x'))
await attempt('mkdir', () => fs.mkdirSync(`${open}/sub`))
await attempt('rename', () => fs.renameSync(`${open}/new.txt`, `${open}/sub/new.txt`))
await attempt('remove', () => fs.rmSync(`${open}/sub`, { recursive: true }))
await attempt('truncate', () => fs.truncateSync(`${open}/data.txt`, 1))
await attempt('read', () => fs.readFileSync(`${open}/data.txt`, 'utf8'))
await attempt('outside new', () => fs.writeFileSync(`${outside}/new.txt`, 'x'))
await attempt('outside truncate', () => fs.truncateSync(`${outside}/secret.txt`, 0))
await attempt('outside remove', () => fs.unlinkSync(`${outside}/secret.txt`))
await attempt('outside move', () => fs.renameSync(`${outside}/secret.txt`, `${open}/moved.txt`))
await attempt('outside link', () => fs.linkSync(`${outside}/secret.txt`, `${open}/hard.txt`))
await attempt('through link', () => { fs.symlinkSync(`${outside}/secret.txt`, `${open}/soft`); fs.writeFileSync(`${open}/soft`, 'x') })
await attempt('chmod', () => fs.chmodSync('attack.mjs', 0o777))
await attempt('utimes', () => fs.utimesSync('attack.mjs', 1, 1))
await attempt('chown', () => fs.chownSync('attack.mjs', process.getuid(), process.getgid()))
await attempt('null', () => fs.writeFileSync('/dev/null', 'x'))
await attempt('own package', () => fs.writeFileSync('new.mjs', 'x'))
await attempt('oom', () => fs.writeFileSync('/proc/self/oom_score_adj', '0'))
"#;

const OUTSIDE: [&str; 6] = [
    "outside new",
    "outside truncate",
    "outside remove",
    "outside move",
    "outside link",
    "through link",
];
const METADATA: [&str; 3] = ["chmod", "utimes", "chown"];

/// Before ABI 2 Landlock lets no file change its directory; programs copy it instead.
fn moved_as_the_kernel_can(outcome: &Outcome) {
    if probe().expect("probed").landlock_abi >= 2 {
        outcome.done("rename");
    } else {
        assert!(outcome.said("rename").starts_with("refused EXDEV"), "{outcome:?}");
    }
}

#[test]
fn without_flags_nothing_is_written() {
    as_root_and_user(|| {
        let project = project();
        let outcome = Run::new(&project, &["--allow-read"]).script(WRITES);
        for name in ["new", "append", "mkdir", "truncate", "own package", "oom"]
            .iter()
            .chain(&OUTSIDE)
            .chain(&METADATA)
        {
            outcome.refused(name);
        }
        outcome.done("null");
        assert_eq!(
            std::fs::read_to_string(project.path("outside/secret.txt")).expect("read"),
            "secret"
        );
        assert_eq!(
            std::fs::read_to_string(project.path("open/data.txt")).expect("read"),
            "data"
        );
    });
}

#[test]
fn a_writable_directory_is_not_readable_and_nothing_else_is_writable() {
    as_root_and_user(|| {
        let project = project();
        let flag = format!("--allow-write={}", project.shown("open"));
        let outcome = Run::new(&project, &[&flag]).script(WRITES);
        for name in ["new", "append", "mkdir", "truncate"] {
            outcome.done(name);
        }
        moved_as_the_kernel_can(&outcome);
        for name in ["read", "own package", "oom"].iter().chain(&OUTSIDE).chain(&METADATA) {
            outcome.refused(name);
        }
        assert_eq!(
            std::fs::read_to_string(project.path("outside/secret.txt")).expect("read"),
            "secret"
        );
    });
}

#[test]
fn everything_may_be_written_with_its_metadata() {
    as_root_and_user(|| {
        let project = project();
        let outcome = Run::new(&project, &["--allow-read", "--allow-write"]).script(WRITES);
        for name in ["new", "append", "mkdir", "remove", "outside new", "own package"]
            .iter()
            .chain(&METADATA)
        {
            outcome.done(name);
        }
        moved_as_the_kernel_can(&outcome);
        outcome.refused("oom");
    });
}
