//! System calls that no flag allows, or only the flags for everything. They are made through bun:ffi, as native code
//! would make them.

use crate::harness::{Project, Run, as_root_and_user};
use crate::raw_calls::RAW;

fn attack() -> String {
    format!(
        r#"{RAW}
import fs from 'node:fs'
const zero = at(new Uint8Array(256))
const self = process.pid
const tries = {{
  ptrace: ['ptrace', 16, hostPid, 0, 0],
  process_vm_readv: ['process_vm_readv', hostPid, zero, 1, zero, 1, 0],
  process_vm_writev: ['process_vm_writev', hostPid, zero, 1, zero, 1, 0],
  pidfd_getfd: ['pidfd_getfd', 0, 0, 0],
  kcmp: ['kcmp', self, hostPid, 0, 0, 0],
  bpf: ['bpf', 0, zero, 120],
  perf_event_open: ['perf_event_open', zero, 0, -1, -1, 0],
  userfaultfd: ['userfaultfd', 1],
  add_key: ['add_key', text('user'), text('x'), text('y'), 1, -3],
  keyctl: ['keyctl', 0, -3, 0],
  init_module: ['init_module', zero, 0, text('')],
  kexec_load: ['kexec_load', 0, 0, 0, 0],
  mount: ['mount', text('none'), text('/tmp'), text('tmpfs'), 0, 0],
  umount2: ['umount2', text('/tmp'), 0],
  pivot_root: ['pivot_root', text('/tmp'), text('/tmp')],
  chroot: ['chroot', text('/tmp')],
  fsopen: ['fsopen', text('tmpfs'), 0],
  open_tree: ['open_tree', -100, text('/'), 1],
  unshare: ['unshare', 0x10000000],
  unshare_files: ['unshare', 0x400],
  setns: ['setns', 0, 0],
  swapon: ['swapon', text('/tmp/x'), 0],
  clock_settime: ['clock_settime', 0, zero],
  syslog: ['syslog', 10, 0, 0],
  mknod: ['mknod', text('/tmp/tw-fifo'), 0o010666, 0],
  name_to_handle_at: ['name_to_handle_at', -100, text('/'), zero, zero, 0],
  open_by_handle_at: ['open_by_handle_at', -100, zero, 0],
  fanotify_init: ['fanotify_init', 0, 0],
  personality: ['personality', 0x0040000],
  shmget: ['shmget', 0, 4096, 0o1600],
  semget: ['semget', 0, 1, 0o1600],
  msgget: ['msgget', 0, 0o1600],
  mq_open: ['mq_open', text('tw'), 0o102, 0o600, 0],
  setsid: ['setsid'],
  setpgid: ['setpgid', 0, 0],
  seccomp: ['seccomp', 1, 0, zero],
  prctl_pdeathsig: ['prctl', 1, 0, 0, 0, 0],
  prctl_dumpable: ['prctl', 4, 1, 0, 0, 0],
  prctl_seccomp: ['prctl', 22, 2, zero, 0, 0],
  prctl_subreaper: ['prctl', 36, 1, 0, 0, 0],
  prctl_ptracer: ['prctl', 0x59616d61, -1, 0, 0, 0],
  prctl_junk: ['prctl', 0x100000001n, 0, 0, 0, 0],
  prlimit_host: ['prlimit64', hostPid, 7, zero, 0],
  prlimit_own: ['prlimit64', 0, 4, at(new Uint8Array(16).fill(255)), 0],
  setrlimit: ['setrlimit', 4, zero],
  affinity_host: ['sched_setaffinity', hostPid, 8, at([1, 0, 0, 0, 0, 0, 0, 0])],
  priority_host: ['setpriority', 0, hostPid, 5],
  ioprio_host: ['ioprio_set', 1, hostPid, 0x4000],
  kill_host: ['kill', hostPid, 0],
  kill_init: ['kill', 1, 0],
  tgkill_host: ['tgkill', hostPid, hostPid, 0],
  sigqueue_host: ['rt_sigqueueinfo', hostPid, 0, zero],
  tiocsti: ['ioctl', 0, 0x5412, text('x')],
  tioclinux: ['ioctl', 0, 0x541c, text('x')],
  fcntl_setown: ['fcntl', 3, 8, hostPid],
  io_uring_setup: ['io_uring_setup', 8, zero],
  io_uring_enter: ['io_uring_enter', 0, 0, 0, 0, 0],
  memfd_secret: ['memfd_secret', 0],
  inotify_init1: ['inotify_init1', 0],
  inotify_add_watch: ['inotify_add_watch', call('inotify_init1', 0), text('/etc'), 2],
  chmod: ['chmod', text('attack.mjs'), 0o777],
  fchmodat2: ['fchmodat2', -100, text('attack.mjs'), 0o777, 0],
  setxattr: ['setxattr', text('attack.mjs'), text('user.x'), text('y'), 1, 0],
  futimesat: ['futimesat', -100, text('attack.mjs'), 0],
  setflags: ['ioctl', fs.openSync('attack.mjs', 'r'), 0x40086602, zero],
}}
const ofX64 = {{
  iopl: ['iopl', 3],
  x32_getpid: [0x40000027],
  x32_ptrace: [0x40000209, 16, hostPid, 0, 0],
}}
if (process.arch === 'x64') Object.assign(tries, ofX64)
for (const [name, args] of Object.entries(tries)) await attempt(name, () => call(...args))
await attempt('pidfd signal', () => call('pidfd_send_signal', call('pidfd_open', hostPid, 0), 0, 0, 0))
await attempt('tgkill self', () => call('tgkill', self, self, 0))
await attempt('kill self', () => call('kill', self, 0))
await attempt('affinity self', () => call('sched_setaffinity', 0, 8, at([255, 0, 0, 0, 0, 0, 0, 0])))
await attempt('personality query', () => call('personality', 0xffffffff))
await attempt('prctl name', () => call('prctl', 15, text('mine'), 0, 0, 0))
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
    as_root_and_user(|| {
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
    as_root_and_user(|| {
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

/// Only x64 lets a process make calls of another architecture without becoming another program.
#[cfg(target_arch = "x86_64")]
#[test]
fn int_80_is_killed() {
    as_root_and_user(|| {
        let project = Project::new();
        // mov eax, 20 (getpid of i386); int 0x80; ret
        let attack = format!(
            r#"{RAW}
import {{ CFunction }} from 'bun:ffi'
said('before', 1)
const page = call('mmap', 0, 4096, 7, 0x22, -1, 0)
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
