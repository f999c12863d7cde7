//! Everything that can happen to a manager: the whole protocol between the engine and the shell around it.

use std::fmt;

use crate::dispatch::facts::StartFault;
use crate::pool::WorkerId;
use crate::sandbox::TakenDenials;
use crate::spawn::{Exit, Usage};
use crate::worker::frame::{FrameError, FromWorker};

use super::call::Request;
use super::lines::Source;

/// One thing that happened. The moment comes beside it.
#[derive(Debug)]
pub(in crate::dispatch) enum Event<'a> {
    /// A caller wants a call. Where it is not accepted it comes back in `Effects::refused`.
    Submit(Request),
    /// The caller does not want the call any more; `why`, in its own words, is for the tool.
    Cancel { call: u32, why: Option<String> },
    /// Processes are to be started before a call needs them.
    Warm,
    /// Somebody waits for the minimum of processes.
    AskReady(u32),
    /// Somebody asks what the entrypoint exports.
    AskTools(u32),
    /// No new calls; `force`: the accepted ones end too.
    Close { force: bool },
    /// A process that was requested exists. `board`: it shares memory in which it can note the calls it entered.
    Started { worker: WorkerId, pid: u32, board: bool },
    /// The system or the sandbox refused to make the process.
    StartFailed { worker: WorkerId, fault: StartFault },
    /// A process said something.
    Frame { worker: WorkerId, frame: FromWorker<'a> },
    /// A process sent bytes that are no frame.
    BadFrame { worker: WorkerId, error: FrameError },
    /// A process wrote these bytes to a pipe.
    Printed {
        worker: WorkerId,
        source: Source,
        bytes: &'a [u8],
    },
    /// What the sandbox refused to a process since this was said last. Comes before each answer and before the exit.
    Refused { worker: WorkerId, taken: TakenDenials },
    /// A process closed its end of the channel. `unread`: it had not read everything that was sent to it.
    Eof { worker: WorkerId, unread: bool },
    /// A process and its group are gone and reaped.
    Exited { worker: WorkerId, ended: Ended },
    /// What processes use.
    Usage(&'a [(WorkerId, Usage)]),
    /// Time went by.
    Tick,
    /// Nobody drives the manager any more.
    Abandoned,
}

/// How a process ended.
#[derive(Debug)]
pub(in crate::dispatch) struct Ended {
    pub(in crate::dispatch) exit: Exit,
    /// Something that was sent to it never left the host.
    pub(in crate::dispatch) unsent: bool,
    /// What its board says: for each slot the call that was entered last.
    pub(in crate::dispatch) board: Vec<u32>,
    /// The kernel ended it because its cgroup had no memory left; the most it had, in bytes.
    pub(in crate::dispatch) out_of_memory: Option<Option<u64>>,
}

/// As `TOOLWARDEN_TRACE` shows it: nothing of a tool's data, and no nonce.
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
            Self::Started { worker, pid, .. } => write!(f, "Started process={} pid={pid}", worker.0),
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
        FromWorker::Wants { place } => write!(f, "WANTS bytes={}", place.len()),
        FromWorker::Missed { call, .. } => write!(f, "MISSED call={call}"),
    }
}
