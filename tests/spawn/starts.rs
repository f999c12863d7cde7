//! The state of a child at its start, and starts that fail.

use super::*;

#[test]
fn shared_memory_is_ready_before_the_process_is() {
    let spawner = spawner();
    for _ in 0..50 {
        let mut options = shell("od -An -v -tu4 -j128 -N68 /dev/fd/4");
        options.shared_memory = Some(1);
        let child = spawn(&spawner, options).unwrap();
        assert_eq!(wait_exit(&child), Exit::Code(0));
        let mut said = String::new();
        std::fs::File::from(child.stdout).read_to_string(&mut said).unwrap();
        let numbers: Vec<&str> = said.split_whitespace().collect();
        let (wanted, size) = (numbers[0], numbers[16]);
        assert_eq!(
            (wanted, size),
            ("1", "262144"),
            "the host wants to be told; the ring's size"
        );
    }
}

#[test]
fn output_streams_and_exit_code() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("echo out; echo err >&2; exit 7")).unwrap();
    assert_eq!(read_all(&child.stdout), "out\n");
    assert_eq!(read_all(&child.stderr), "err\n");
    assert_eq!(wait_exit(&child), Exit::Code(7));
    assert_eq!(child.process.try_reap(), Some(Exit::Code(7)));
    assert!(child.process.group_gone());
}

#[test]
fn the_signal_that_ended_it_is_told() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("kill -SEGV $$")).unwrap();
    assert_eq!(wait_exit(&child), Exit::Signal(libc::SIGSEGV));
}

#[test]
fn a_missing_program_fails_at_execve() {
    assert_eq!(
        failure(spawn(&spawner(), options("/nonexistent/bun", &[]))),
        ("execve", libc::ENOENT, false)
    );
}

#[test]
fn a_file_that_is_no_program_fails_at_execve() {
    assert_eq!(
        failure(spawn(&spawner(), options("/etc/passwd", &[]))),
        ("execve", libc::EACCES, false)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_is_being_written_is_worth_another_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("busy");
    std::fs::copy("/bin/true", &path).unwrap();
    let writer = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let spawner = spawner();
    let busy = options(path.to_str().unwrap(), &[]);
    assert_eq!(failure(spawn(&spawner, busy.clone())), ("execve", libc::ETXTBSY, true));
    drop(writer);
    // A child of another test may have a copy of the write end until its own execve.
    let child = (0..1000).find_map(|_| match spawn(&spawner, busy.clone()) {
        Err(failure) if failure.retryable => None,
        result => Some(result.unwrap()),
    });
    assert_eq!(wait_exit(&child.unwrap()), Exit::Code(0));
}

#[test]
fn a_missing_directory_fails_at_chdir() {
    let mut options = shell("exit 0");
    options.cwd = "/nonexistent".into();
    assert_eq!(failure(spawn(&spawner(), options)), ("chdir", libc::ENOENT, false));
}

#[cfg(target_os = "linux")]
#[test]
fn the_child_has_its_four_descriptors_and_no_other() {
    let spawner = spawner();
    // Inheritable descriptors of the host, directly above and far above the child's own.
    let leaky = rustix::io::dup(std::io::stderr()).unwrap();
    let far = rustix::io::fcntl_dupfd_cloexec(&leaky, 700).unwrap();
    rustix::io::fcntl_setfd(&far, rustix::io::FdFlags::empty()).unwrap();
    // The fifth descriptor is the directory that is being listed, opened by the listing itself.
    let child = spawn(&spawner, options("/bin/ls", &["-l", "/proc/self/fd"])).unwrap();
    let listing = read_all(&child.stdout);
    let found: Vec<(&str, &str)> = listing
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        .map(|(left, target)| (left.rsplit(' ').next().unwrap(), target))
        .collect();
    assert_eq!(found.len(), 5, "{listing}");
    assert_eq!(found[0], ("0", "/dev/null"));
    assert!(
        found[1].1.starts_with("pipe:") && found[2].1.starts_with("pipe:"),
        "{listing}"
    );
    assert!(found[3].0 == "3" && found[3].1.starts_with("socket:"), "{listing}");
    assert!(found[4].1.starts_with("/proc/"), "{listing}");
    wait_exit(&child);
}

#[test]
fn the_child_has_no_descriptor_of_the_host() {
    let far = rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), 700).unwrap();
    rustix::io::fcntl_setfd(&far, rustix::io::FdFlags::empty()).unwrap();
    let spawner = spawner();
    let child = spawn(&spawner, options("/bin/ls", &["/dev/fd/"])).unwrap();
    let listing = read_all(&child.stdout);
    let numbers: Vec<u32> = listing.lines().filter_map(|line| line.parse().ok()).collect();
    // The last one is the directory that is being listed.
    assert_eq!(numbers[..4], [0, 1, 2, 3], "{listing}");
    assert!(numbers.len() <= 5, "{listing}");
    wait_exit(&child);
}

#[test]
fn the_channel_carries_bytes_both_ways() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("read line <&3; echo \"got $line\" >&3")).unwrap();
    rustix::io::write(&child.channel, b"ping\n").unwrap();
    assert_eq!(read_line(&child.channel), "got ping");
    assert_eq!(wait_exit(&child), Exit::Code(0));
}

/// Linux lists limits and signals in /proc.
#[cfg(target_os = "linux")]
#[test]
fn environment_directory_limits_and_signals_are_as_planned() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().canonicalize().unwrap();
    let mut planned = shell(
        "pwd; env; awk '/core file|open files/ {print (/core/ ? $5 : $4)}' /proc/self/limits; grep -E '^Sig(Blk|Ign)' /proc/self/status",
    );
    planned.cwd = real.clone();
    planned.env = vec![("ONLY".into(), "this one".into())];
    planned.max_open_files = Some(77);
    // Rust's runtime ignores SIGPIPE in this host, as Node does in its own processes.
    let spawner = spawner();
    let child = spawn(&spawner, planned).unwrap();
    let output = read_all(&child.stdout);
    let lines: Vec<&str> = output.lines().filter(|line| !line.starts_with("PWD=")).collect();
    let expected = [real.to_str().unwrap(), "ONLY=this one", "1", "77"];
    assert_eq!(lines[..4], expected, "{output}");
    let signals = |line: &str| {
        let (name, mask) = line.split_once(":\t").unwrap();
        (name.to_owned(), u64::from_str_radix(mask, 16).unwrap() & OURS)
    };
    let none = ["SigBlk", "SigIgn"].map(|name| (name.to_owned(), 0));
    assert_eq!(
        lines[4..].iter().copied().map(signals).collect::<Vec<_>>(),
        none,
        "{output}"
    );
    wait_exit(&child);
}

/// The signals that a child resets, as bits: all.
#[cfg(all(target_os = "linux", not(portable)))]
const OURS: u64 = u64::MAX;
/// The signals that a child resets, as bits: 32 and 33 belong to glibc, which lets nobody set them. No other system has such.
#[cfg(all(target_os = "linux", portable))]
const OURS: u64 = !(0b11 << 31);

/// Only Linux can be told which process to end when memory runs out.
#[cfg(not(portable))]
#[test]
fn the_system_ends_a_child_rather_than_the_host() {
    let spawner = spawner();
    let child = spawn(&spawner, shell("cat /proc/self/oom_score_adj")).unwrap();
    assert_eq!(read_all(&child.stdout), "500\n");
    wait_exit(&child);
}
