//! System calls that no flag allows, or only the flags for everything. They are made through bun:ffi, as native code
//! would make them.

use crate::harness::{Project, RAW, Run, as_root_and_user};

fn attack() -> String {
    format!(
        r#"{RAW}
import fs from 'node:fs'
const zero = at(new Uint8Array(256))
const self = process.pid
const tries = {{
  ptrace: [101, 16, hostPid, 0, 0],
  process_vm_readv: [310, hostPid, zero, 1, zero, 1, 0],
  process_vm_writev: [311, hostPid, zero, 1, zero, 1, 0],
  pidfd_getfd: [438, 0, 0, 0],
  kcmp: [312, self, hostPid, 0, 0, 0],
  bpf: [321, 0, zero, 120],
  perf_event_open: [298, zero, 0, -1, -1, 0],
  userfaultfd: [323, 1],
  add_key: [248, text('user'), text('x'), text('y'), 1, -3],
  keyctl: [250, 0, -3, 0],
  init_module: [175, zero, 0, text('')],
  kexec_load: [246, 0, 0, 0, 0],
  mount: [165, text('none'), text('/tmp'), text('tmpfs'), 0, 0],
  umount2: [166, text('/tmp'), 0],
  pivot_root: [155, text('/tmp'), text('/tmp')],
  chroot: [161, text('/tmp')],
  fsopen: [430, text('tmpfs'), 0],
  open_tree: [428, -100, text('/'), 1],
  unshare: [272, 0x10000000],
  unshare_files: [272, 0x400],
  setns: [308, 0, 0],
  swapon: [167, text('/tmp/x'), 0],
  clock_settime: [227, 0, zero],
  iopl: [172, 3],
  syslog: [103, 10, 0, 0],
  mknod: [133, text('/tmp/tw-fifo'), 0o010666, 0],
  name_to_handle_at: [303, -100, text('/'), zero, zero, 0],
  open_by_handle_at: [304, -100, zero, 0],
  fanotify_init: [300, 0, 0],
  personality: [135, 0x0040000],
  shmget: [29, 0, 4096, 0o1600],
  semget: [64, 0, 1, 0o1600],
  msgget: [68, 0, 0o1600],
  mq_open: [240, text('tw'), 0o102, 0o600, 0],
  setsid: [112],
  setpgid: [109, 0, 0],
  seccomp: [317, 1, 0, zero],
  prctl_pdeathsig: [157, 1, 0, 0, 0, 0],
  prctl_dumpable: [157, 4, 1, 0, 0, 0],
  prctl_seccomp: [157, 22, 2, zero, 0, 0],
  prctl_subreaper: [157, 36, 1, 0, 0, 0],
  prctl_ptracer: [157, 0x59616d61, -1, 0, 0, 0],
  prctl_junk: [157, 0x100000001n, 0, 0, 0, 0],
  prlimit_host: [302, hostPid, 7, zero, 0],
  prlimit_own: [302, 0, 4, at(new Uint8Array(16).fill(255)), 0],
  setrlimit: [160, 4, zero],
  affinity_host: [203, hostPid, 8, at([1, 0, 0, 0, 0, 0, 0, 0])],
  priority_host: [141, 0, hostPid, 5],
  ioprio_host: [251, 1, hostPid, 0x4000],
  kill_host: [62, hostPid, 0],
  kill_init: [62, 1, 0],
  tgkill_host: [234, hostPid, hostPid, 0],
  sigqueue_host: [129, hostPid, 0, zero],
  tiocsti: [16, 0, 0x5412, text('x')],
  tioclinux: [16, 0, 0x541c, text('x')],
  fcntl_setown: [72, 3, 8, hostPid],
  io_uring_setup: [425, 8, zero],
  io_uring_enter: [426, 0, 0, 0, 0, 0],
  memfd_secret: [447, 0],
  inotify_init1: [294, 0],
  inotify_add_watch: [254, call(294, 0), text('/etc'), 2],
  chmod: [90, text('attack.mjs'), 0o777],
  fchmodat2: [452, -100, text('attack.mjs'), 0o777, 0],
  setxattr: [188, text('attack.mjs'), text('user.x'), text('y'), 1, 0],
  futimesat: [261, -100, text('attack.mjs'), 0],
  setflags: [16, fs.openSync('attack.mjs', 'r'), 0x40086602, zero],
  x32_getpid: [0x40000027],
  x32_ptrace: [0x40000209, 16, hostPid, 0, 0],
}}
for (const [name, args] of Object.entries(tries)) await attempt(name, () => call(...args))
await attempt('pidfd signal', () => call(424, call(434, hostPid, 0), 0, 0, 0))
await attempt('tgkill self', () => call(234, self, self, 0))
await attempt('kill self', () => call(62, self, 0))
await attempt('affinity self', () => call(203, 0, 8, at([255, 0, 0, 0, 0, 0, 0, 0])))
await attempt('personality query', () => call(135, 0xffffffff))
await attempt('prctl name', () => call(157, 15, text('mine'), 0, 0, 0))
await attempt('caps', () => {{
  const status = fs.readFileSync('/proc/self/status', 'utf8')
  const of = (name) => status.match(new RegExp(name + ':\\s*(\\S+)'))[1]
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) if (Number('0x' + of(set))) throw new Error(set)
  if (process.getuid() === 0 && Number('0x' + of('CapBnd'))) throw new Error('CapBnd')
  return of('NoNewPrivs') + of('Seccomp')
}})
await attempt('descriptors', () => {{
  // Descriptors above those of the runtime, which do not come from the host: no descriptor of the host may be open at
  // the start.
  const host = []
  for (let fd = 3; fd < 200; fd++) try {{ if (fs.fstatSync(fd).isFile()) host.push(fd) }} catch {{ }}
  return host.length
}})
process.exit(0)
"#
    )
}

const HARMLESS: [&str; 9] = [
    "inotify_init1",
    "tgkill self",
    "kill self",
    "affinity self",
    "personality query",
    "prctl name",
    "caps",
    "descriptors",
    "prlimit query",
];

/// System calls that the flags for everything allow.
const WIDE: [&str; 6] = [
    "inotify_add_watch",
    "chmod",
    "fchmodat2",
    "setxattr",
    "futimesat",
    "setflags",
];

#[test]
fn the_kernel_is_out_of_reach() {
    as_root_and_user("syscalls::the_kernel_is_out_of_reach", || {
        let project = Project::new();
        let outcome = Run::new(&project, &[]).script(&attack());
        assert!(outcome.said.len() > 70, "{outcome:?}");
        for (name, said) in &outcome.said {
            let harmless = HARMLESS.contains(&name.as_str());
            assert_eq!(said.starts_with("done"), harmless, "{name}: {said}");
            let by_the_filter = ["EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP"]
                .iter()
                .any(|code| said.starts_with(&format!("refused {code}")));
            assert!(harmless || by_the_filter, "{name}: {said}");
        }
        assert_eq!(outcome.said("caps"), "done 12");
    });
}

#[test]
fn the_widest_rights_give_metadata_and_watching_only() {
    as_root_and_user("syscalls::the_widest_rights_give_metadata_and_watching_only", || {
        let project = Project::new();
        let flags = ["--allow-read", "--allow-write", "--allow-net", "--allow-run"];
        let outcome = Run::new(&project, &flags).script(&attack());
        for (name, said) in &outcome.said {
            if WIDE.contains(&name.as_str()) {
                assert!(
                    !said.contains("EPERM") && !said.contains("EACCES") || name == "setxattr" || name == "setflags",
                    "{name}: {said}"
                );
            } else {
                assert_eq!(
                    said.starts_with("done"),
                    HARMLESS.contains(&name.as_str()),
                    "{name}: {said}"
                );
            }
        }
        outcome.done("chmod");
        outcome.done("inotify_add_watch");
    });
}

#[test]
fn int_80_is_killed() {
    as_root_and_user("syscalls::int_80_is_killed", || {
        let project = Project::new();
        // mov eax, 20 (getpid of i386); int 0x80; ret
        let attack = format!(
            r#"{RAW}
import {{ CFunction }} from 'bun:ffi'
said('before', 1)
const page = call(9, 0, 4096, 7, 0x22, -1, 0)
const {{ symbols }} = dlopen('libc.so.6', {{ memcpy: {{ args: [FFIType.u64, FFIType.ptr, FFIType.u64], returns: FFIType.u64 }} }})
symbols.memcpy(BigInt(page), at([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]), 8n)
said('after', CFunction({{ ptr: page, args: [], returns: 'i32' }})())
"#
        );
        let outcome = Run::new(&project, &[]).script(&attack);
        assert_eq!(outcome.said("before"), "1");
        assert!(!outcome.said.contains_key("after"), "{outcome:?}");
        assert!(!outcome.stderr.contains("rror:"), "{outcome:?}");
    });
}
