//! Hosts that read the channels themselves, by a descriptor or by doorbells.

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use toolwarden::dispatch::HostReads;

use super::*;
use crate::bench::Told;

/// There is a descriptor for all channels only where there is epoll.
#[cfg(not(portable))]
#[test]
fn a_host_that_watches_the_channels_reads_the_answers() {
    let reads = HostReads::watched().unwrap();
    // The driver reads channels that nobody has read for ten milliseconds after a call began, so one answer alone would
    // not show who read it: the descriptor must have been readable for most of them.
    let bench = Bench::watched(TOOLS, &json!({ "isolation": "worker", "maxWorkers": 1 }), reads.clone());
    bench.manager().ready(1);
    bench.until("ready", |told| told.ready.pop()).unwrap();
    let mut heard = 0;
    for number in 1..=50 {
        bench.execute(call(number, "echo")).unwrap();
        let limit = Timespec {
            tv_sec: 0,
            tv_nsec: 200_000_000,
        };
        heard += poll(
            &mut [PollFd::new(&reads.descriptor().unwrap(), PollFlags::IN)],
            Some(&limit),
        )
        .unwrap();
        bench.manager().read();
        assert_eq!(value(&bench.outcome(number)), "1");
    }
    assert!(heard > 25, "{heard} of 50 answers");
}

#[test]
fn a_doorbell_ends_with_its_process_although_a_surviving_program_has_the_other_end_open() {
    let tools = r"
      import { spawn } from 'node:child_process'
      export const leaves = () => spawn('/bin/sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', 3], detached: true }).pid
      export const exits = () => process.exit(0)
    ";
    let config = json!({ "isolation": "worker", "minWorkers": 0, "maxWorkers": 1 });
    let bench = Bench::watched(tools, &config, HostReads::doorbells());
    bench.execute(call(1, "leaves")).unwrap();
    let left = value(&bench.outcome(1)).parse().unwrap();
    let doorbell = bench.until("a doorbell", |told| told.doorbells.pop());
    bench.execute(call(2, "exits")).unwrap();
    assert!(matches!(bench.outcome(2), Outcome::Failed(_)));
    let limit = Instant::now() + Duration::from_secs(20);
    while hear(&doorbell).is_some() {
        assert!(Instant::now() < limit, "the doorbell goes on");
    }
    kill_process(Pid::from_raw(left).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn answers_that_no_host_reads_are_read_all_the_same() {
    let hosts = [
        HostReads::doorbells(),
        #[cfg(not(portable))]
        HostReads::watched().unwrap(),
    ];
    for reads in hosts {
        let config = json!({ "isolation": "worker", "maxWorkers": 2, "concurrentCallsPerWorker": 4 });
        let bench = Bench::watched(TOOLS, &config, reads);
        for number in 1..=40 {
            bench.execute(call(number, "echo")).unwrap();
        }
        for number in 1..=40 {
            assert_eq!(value(&bench.outcome(number)), "1");
        }
        bench.manager().close(false);
        bench.closed();
    }
}

/// Reads the bytes that are there, as a runtime does that owns the socket; returns none at the end.
fn hear(doorbell: &OwnedFd) -> Option<usize> {
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: 200_000_000,
    };
    poll(&mut [PollFd::new(doorbell, PollFlags::IN)], Some(&limit)).unwrap();
    match rustix::io::read(doorbell, &mut [0; 4096]) {
        Ok(0) => None,
        Ok(count) => Some(count),
        Err(_) => Some(0),
    }
}

#[test]
fn a_host_with_doorbells_reads_the_answers_although_it_reads_the_doorbells_too() {
    let bench = Bench::watched(
        TOOLS,
        &json!({ "isolation": "worker", "maxWorkers": 1 }),
        HostReads::doorbells(),
    );
    bench.manager().ready(1);
    bench.until("ready", |told| told.ready.pop()).unwrap();
    let doorbell = bench.until("a doorbell", |told| told.doorbells.pop());
    let mut heard = 0;
    for number in 1..=50 {
        bench.execute(call(number, "echo")).unwrap();
        heard += usize::from(hear(&doorbell).unwrap() > 0);
        bench.manager().read();
        assert_eq!(value(&bench.outcome(number)), "1");
    }
    assert!(heard > 25, "{heard} of 50 answers");
}

#[test]
fn a_bell_ends_with_its_process_and_the_next_process_has_its_own() {
    let bench = Bench::watched(
        TOOLS,
        &json!({ "isolation": "worker", "maxWorkers": 1 }),
        HostReads::doorbells(),
    );
    for number in 1..=5 {
        bench.execute(call(number, "answers-and-exits")).unwrap();
        assert_eq!(value(&bench.outcome(number)), "1");
        // The next process may have told its own already.
        let oldest = |told: &mut Told| (!told.doorbells.is_empty()).then(|| told.doorbells.remove(0));
        let doorbell = bench.until("a doorbell", oldest);
        while hear(&doorbell).is_some() {
            bench.manager().read();
        }
        bench.manager().read_all();
    }
    bench.manager().close(false);
    bench.closed();
}

/// Cancels calls after their answers have arrived, which `heard` waits for, and before the host has read them.
fn cancel_answered_calls(reads: HostReads, heard: impl Fn(&Bench)) {
    let config = json!({ "isolation": "worker", "maxWorkers": 1, "concurrentCallsPerWorker": 2 });
    let bench = Bench::watched(TOOLS, &config, reads);
    bench.execute(call(1, "pid")).unwrap();
    let process = value(&bench.outcome(1)).to_owned();
    for number in 2..=20 {
        bench.execute(call(number, "echo")).unwrap();
        heard(&bench);
        bench.manager().cancel(number, None);
        assert_eq!(value(&bench.outcome(number)), "1");
    }
    bench.execute(call(21, "pid")).unwrap();
    assert_eq!(value(&bench.outcome(21)), process, "the process lives on");
}

/// There is a descriptor for all channels only where there is epoll.
#[cfg(not(portable))]
#[test]
fn a_call_whose_answer_lies_unread_is_not_cancelled_any_more() {
    let reads = HostReads::watched().unwrap();
    let heard = reads.clone();
    cancel_answered_calls(reads, |_| {
        let limit = Timespec {
            tv_sec: 0,
            tv_nsec: 200_000_000,
        };
        poll(
            &mut [PollFd::new(&heard.descriptor().unwrap(), PollFlags::IN)],
            Some(&limit),
        )
        .unwrap();
    });
}

#[test]
fn a_call_whose_answer_lies_behind_a_doorbell_is_not_cancelled_any_more() {
    let doorbell = std::cell::OnceCell::new();
    cancel_answered_calls(HostReads::doorbells(), |bench| {
        hear(doorbell.get_or_init(|| bench.until("a doorbell", |told| told.doorbells.pop())));
    });
}
