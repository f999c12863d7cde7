//! Everything that can happen to a manager: the whole protocol between the engine and the shell around it.

use std::fmt;

use crate::dispatch::facts::StartFault;
use crate::pool::WorkerId;
use crate::sandbox::TakenDenials;
use crate::spawn::{Account, Exit, Usage};
use crate::worker::frame::{FrameError, FromWorker};

use super::call::Request;
use super::lines::Source;

/// One thing that happened. The moment at which it happened is passed beside it.
#[derive(Debug)]
pub(in crate::dispatch) enum Event<'a> {
    /// A caller submits a call. Where it is not accepted it is returned in `Effects::refused`.
    Submit(Request),
    /// The caller cancels the call. `why` is its own reason, which the tool gets.
    Cancel { call: u32, why: Option<String> },
    /// Processes must be started before a call needs them.
    Warm,
    /// Somebody asks whether the minimum of processes is ready.
    AskReady(u32),
    /// Somebody asks which tools the entrypoint exports.
    AskTools(u32),
    /// The manager is closed: new calls are refused, and with `force` the accepted ones are ended as well.
    Close { force: bool },
    /// The system has created a process that was requested. `entry_table`: it shares memory in which it notes the calls that it
    /// enters. `forked`: it was forked from an origin.
    Started {
        worker: WorkerId,
        pid: u32,
        entry_table: bool,
        forked: bool,
    },
    /// The system or the sandbox refused to create the process.
    StartFailed { worker: WorkerId, fault: StartFault },
    /// A process sent a frame.
    Frame { worker: WorkerId, frame: FromWorker<'a> },
    /// A process sent bytes that are not a frame.
    BadFrame { worker: WorkerId, error: FrameError },
    /// A process wrote these bytes to a pipe.
    Printed {
        worker: WorkerId,
        source: Source,
        bytes: &'a [u8],
    },
    /// What the sandbox refused to a process since the last of these events. One comes before each answer and before the exit.
    Refused { worker: WorkerId, taken: TakenDenials },
    /// A process closed its end of the channel. `unread`: it had not read all frames that were sent to it.
    Eof { worker: WorkerId, unread: bool },
    /// A process and its group have ended and were reaped.
    Exited { worker: WorkerId, ended: Ended },
    /// The use of resources by processes was measured.
    Usage(&'a [(WorkerId, Usage)]),
    /// A moment was reached at which something is due.
    Tick,
    /// The driver thread has failed or ends.
    Abandoned,
}

/// How a process ended.
#[derive(Debug)]
pub(in crate::dispatch) struct Ended {
    pub(in crate::dispatch) exit: Exit,
    /// Some of the frames for it were never sent.
    pub(in crate::dispatch) unsent: bool,
    /// For each slot of its entry table the call that was entered last.
    pub(in crate::dispatch) entry_table: Vec<u32>,
    /// The kernel killed it because its cgroup, or the host's, had no memory left.
    pub(in crate::dispatch) out_of_memory: Option<Account>,
}

/// The form that `TOOLWARDEN_TRACE` shows. It contains no data of a tool and no nonce.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submit(request) => write!(
                f,
                "Submit call={} tool={:?} timeout={}ms",
                request.number,
                request.tool.as_str(),
                request.timeout.as_millis()
            ),
            Self::Cancel { call, .. } => write!(f, "Cancel call={call}"),
            Self::Warm => f.write_str("Warm"),
            Self::AskReady(question) => write!(f, "AskReady question={question}"),
            Self::AskTools(question) => write!(f, "AskTools question={question}"),
            Self::Close { force } => write!(f, "Close force={force}"),
            Self::Started {
                worker, pid, forked, ..
            } => write!(f, "Started process={} pid={pid} forked={forked}", worker.0),
            Self::StartFailed { worker, fault } => write!(f, "StartFailed process={} {}", worker.0, name_of(fault)),
            Self::Frame { worker, frame } => {
                write!(f, "Frame process={} ", worker.0)?;
                frame_name(frame, f)
            }
            Self::BadFrame { worker, error } => write!(f, "BadFrame process={} {error}", worker.0),
            Self::Printed { worker, source, bytes } => {
                write!(f, "Printed process={} {source:?} bytes={}", worker.0, bytes.len())
            }
            Self::Refused { worker, taken } => {
                let count = taken.denials.len() as u64 + taken.dropped;
                write!(f, "Refused process={} count={count}", worker.0)
            }
            Self::Eof { worker, unread } => write!(f, "Eof process={} unread={unread}", worker.0),
            Self::Exited { worker, ended } => write!(
                f,
                "Exited process={} {:?} unsent={} out_of_memory={}",
                worker.0,
                ended.exit,
                ended.unsent,
                ended.out_of_memory.is_some()
            ),
            Self::Usage(samples) => {
                f.write_str("Usage")?;
                for (worker, usage) in *samples {
                    write!(f, " process={} memory={}KiB", worker.0, usage.memory >> 10)?;
                }
                Ok(())
            }
            Self::Tick => f.write_str("Tick"),
            Self::Abandoned => f.write_str("Abandoned"),
        }
    }
}

fn name_of(fault: &StartFault) -> String {
    match fault {
        StartFault::Spawn { step, errno, .. } => format!("step={step:?} errno={errno}"),
        StartFault::Died(exit) => format!("{exit:?}"),
        StartFault::Protocol(_) => "Protocol".to_owned(),
        StartFault::OtherProtocol(_) => "OtherProtocol".to_owned(),
        StartFault::TimedOut(_) => "TimedOut".to_owned(),
        StartFault::Load(_) => "Load".to_owned(),
        StartFault::Settings(_) => "Settings".to_owned(),
        StartFault::Closed => "Closed".to_owned(),
    }
}

fn frame_name(frame: &FromWorker<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match frame {
        FromWorker::Ready { .. } => f.write_str("READY"),
        FromWorker::LoadFailed { .. } => f.write_str("LOAD_FAILED"),
        FromWorker::Entered { call, .. } => write!(f, "ENTERED call={call}"),
        FromWorker::Result(result) => {
            write!(
                f,
                "RESULT call={} {:?} bytes={}",
                result.call,
                result.status,
                result.text.len()
            )
        }
        FromWorker::Progress { call, json, .. } => write!(f, "PROGRESS call={call} bytes={}", json.len()),
        FromWorker::Log(log) => match log.call {
            Some(call) => write!(f, "LOG call={call} {} bytes={}", log.stream.as_str(), log.bytes.len()),
            None => write!(f, "LOG {} bytes={}", log.stream.as_str(), log.bytes.len()),
        },
        FromWorker::AbortAck { call, listens, .. } => write!(f, "ABORT_ACK call={call} listens={listens}"),
        FromWorker::Pong => f.write_str("PONG"),
        FromWorker::Leaving { call, .. } => write!(f, "LEAVING call={call}"),
        FromWorker::Printed => f.write_str("PRINTED"),
        FromWorker::Reads { name } => write!(f, "READS bytes={}", name.len()),
        FromWorker::Wants { place } => write!(f, "WANTS bytes={}", place.len()),
        FromWorker::Missed { call, .. } => write!(f, "MISSED call={call}"),
    }
}
