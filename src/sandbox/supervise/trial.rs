//! Tries everything that a supervisor needs, in a process that makes the calls of a worker: a container's own filter may
//! refuse any of it, whatever the kernel supports.

use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::landlock_abi::{Covers, TESTED_ABI};
use super::super::seccomp::{self, FilterProfile, Net};
use super::super::short_child;
use super::super::support::{Lack, SocketMaker};
use super::given_sockets::GivenSockets;
use super::listener::{Answer, Call, Listener};
use super::target::Target;

/// The argument of the connect that is tried; nothing is connected.
const ADDRESS: [u8; 16] = *b"toolwarden trial";
/// How long a call is waited for. The process makes its calls at once.
const LONGEST: Duration = Duration::from_secs(5);

/// Says who can make the sockets of a worker, if a supervisor works.
pub(in super::super) fn try_out() -> Result<SocketMaker, Lack> {
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        // Started before the filter is loaded, so that this thread does not have it.
        let supervisor = scope.spawn(move || supervise(&receiver));
        // The filter stays for the life of its thread.
        let caller = scope.spawn(move || call(sender));
        let loaded = caller.join().unwrap_or(false);
        let found = supervisor.join().unwrap_or(Err(Lack::Listener));
        if loaded { found } else { Err(Lack::Listener) }
    })
}

/// Makes the calls in a process with the filter. False where there is no filter.
fn call(sender: Sender<Listener>) -> bool {
    let profile = FilterProfile {
        run: true,
        net: Net::Supervised,
        peers: true,
        read_all: true,
        write_all: true,
        landlock: Covers::of(TESTED_ABI),
        signals_reported: false,
        fork_reported: false,
        exec_reported: false,
        reads_reported: false,
        writes_reported: false,
        files_reported: false,
        learns: false,
        sockets_made: true,
        forked: false,
    };
    let Some(program) = seccomp::listener_program(&profile) else {
        return false;
    };
    // SAFETY: no memory is passed; it only ever takes rights away, and this thread's alone.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return false;
    }
    let Ok(loaded) = seccomp::load_with_listener(&program) else {
        return false;
    };
    // SAFETY: the kernel just gave us this descriptor.
    if sender.send(unsafe { Listener::from_raw(loaded) }).is_err() {
        return false;
    }
    // Dropped here, so that the supervisor's end is also the end of the listener.
    drop(sender);
    // SAFETY: the action only makes system calls on what is ready.
    let done = unsafe {
        short_child::run(&|| {
            let socket = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
            u8::from(libc::connect(socket, ADDRESS.as_ptr().cast(), ADDRESS.len() as u32) != 0)
        })
    };
    matches!(done, Ok(0))
}

fn supervise(receiver: &Receiver<Listener>) -> Result<SocketMaker, Lack> {
    let listener = receiver.recv().map_err(|_| Lack::Listener)?;
    let given = GivenSockets::default();
    let socket = next(&listener).map_err(|_| Lack::Listener)?;
    let handed_in = hand_in(&given, &listener, &socket);
    if handed_in.is_err() {
        listener.answer(socket.id, Answer::Continue);
    }
    let connect = next(&listener).map_err(|_| Lack::Listener)?;
    let found = examine(&given, &connect);
    listener.answer(connect.id, Answer::Value(0));
    match (found, handed_in) {
        (Ok(SocketMaker::Supervisor), Err(_)) => Err(Lack::Sockets),
        (found, _) => found,
    }
}

fn hand_in(given: &GivenSockets, listener: &Listener, call: &Call) -> io::Result<()> {
    let [family, kind, protocol] = [call.args[0], call.args[1], call.args[2]].map(|arg| arg as i32);
    let made = GivenSockets::make(family, kind, protocol)?;
    given.hand_in(&Target::new(call.thread), call.thread, made, |socket| {
        listener.give(call.id, socket, true)
    })
}

/// Does with a connect what a supervisor does.
fn examine(given: &GivenSockets, call: &Call) -> Result<SocketMaker, Lack> {
    let target = Target::new(call.thread);
    let mut address = [0; ADDRESS.len()];
    let read = target.read(call.args[1], &mut address);
    if !matches!(read, Ok(length) if length == ADDRESS.len()) || address != ADDRESS {
        return Err(Lack::Memory);
    }
    let number = call.args[0] as i32;
    let Ok(pidfd) = target.pidfd() else {
        return Err(Lack::Sockets);
    };
    if target.descriptor(&pidfd, number).is_ok() {
        return Ok(SocketMaker::Worker);
    }
    let found = given.find(&target, call.thread, number);
    found.map(|_| SocketMaker::Supervisor).map_err(|_| Lack::Sockets)
}

/// The next call, which must come within a bound.
fn next(listener: &Listener) -> io::Result<Call> {
    let limit = Timespec::try_from(LONGEST).map_err(io::Error::other)?;
    loop {
        let mut ready = [PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)];
        match poll(&mut ready, Some(&limit)) {
            Ok(_) if ready[0].revents().contains(PollFlags::IN) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            // Too late, or hung up.
            Ok(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
        if let Some(call) = listener.receive()? {
            return Ok(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_lets_descriptors_be_copied() {
        assert_eq!(try_out(), Ok(SocketMaker::Worker));
    }
}
