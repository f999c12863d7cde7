//! What a machine offers the sandbox: what was found by trying it, and what is told of it.

/// What the sandbox can use on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// The Landlock ABI in use: the kernel's, limited to the newest tested one.
    pub landlock_abi: u32,
    /// A supervisor can listen, so lists of hosts can be enforced and refusals of net and run can be named.
    pub listener: bool,
    /// Who makes the sockets of a supervised worker.
    pub sockets: SocketMaker,
    /// Why no supervisor can listen.
    pub lack: Option<Lack>,
}

/// Who makes the sockets of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketMaker {
    /// The worker; the supervisor copies them.
    Worker,
    /// The supervisor, which hands them in.
    Supervisor,
}

/// What keeps a supervisor from working here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// A filter with a listener is refused; with another listener above this process the kernel does that.
    Listener,
    /// The arguments of a call cannot be read.
    Memory,
    /// A worker's sockets can be neither copied nor handed in.
    Sockets,
}

/// What a kernel offers, found by trying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The kernel's Landlock ABI; 0 without Landlock.
    pub landlock_abi: u32,
    /// The active security modules; `None` where securityfs does not tell.
    pub modules: Option<String>,
    /// System call filters can be loaded.
    pub seccomp: bool,
    /// A supervisor can listen.
    pub listener: bool,
    /// Why the sandbox cannot be enforced, and what to do; `None` where it can.
    pub problem: Option<(String, Option<String>)>,
}
