//! Turns raw facts into what the outside understands.

use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock, Weak};

use super::contexts::{Contexts, ToolContext};
use super::explainer::Explainer;
use super::groups::Ground;
use super::launch_selector::LaunchSelector;
use super::tool_list::ToolFlags;
use crate::dispatch::{Dispatcher, End, Facts, Sink, StartFailure};
use crate::error::{Code, Error, hints};
use crate::observe::{Event, Line, Observer};
use crate::outcome::{self, InterpretContext, Metrics, interpret, start_error};
use crate::pool::GroupId;
use crate::sandbox::Denial;

/// Receives the facts of calls from the dispatcher, has them interpreted and passes the outcomes to the host.
pub(super) struct OutcomeSink {
    interpreter: Arc<Interpreter>,
    explainer: Explainer,
    flags: ToolFlags,
    ground: Arc<Ground>,
    dispatcher: OnceLock<Weak<Dispatcher>>,
    /// Closed with the last process.
    pub(super) launches: Arc<LaunchSelector>,
}

impl OutcomeSink {
    pub(super) fn new(
        observer: Arc<dyn Observer>,
        launches: Arc<LaunchSelector>,
        contexts: Contexts,
        flags: ToolFlags,
        ground: Arc<Ground>,
    ) -> Self {
        Self {
            interpreter: Arc::new(Interpreter {
                observer,
                metrics: Metrics::default(),
                contexts,
            }),
            explainer: Explainer::default(),
            flags,
            ground,
            dispatcher: OnceLock::new(),
            launches,
        }
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.interpreter.metrics
    }

    /// Answers `ready()` where processes must be forked and cannot be.
    pub(super) fn not_forked(&self, question: u32, reason: &str) {
        let message = format!("processes cannot be forked, as `processStart` demands: {reason}");
        let error = Error::new(Code::WorkerStart, message).hint(hints::NOT_FORKED);
        self.observer().notify(Event::Ready {
            question,
            result: Err(Box::new(error.with(|context| context.operation = Some("start worker")))),
        });
        self.observer().flush();
    }

    fn observer(&self) -> &dyn Observer {
        &*self.interpreter.observer
    }

    /// The manager works from now on.
    pub(super) fn begin(&self, dispatcher: &Arc<Dispatcher>) {
        // Set once: a manager has one dispatcher.
        let _ = self.dispatcher.set(Arc::downgrade(dispatcher));
    }

    /// A narrowed group has begun, whose calls are interpreted like this.
    pub(super) fn know(&self, group: GroupId, context: InterpretContext) {
        self.interpreter.contexts.add(group, context);
    }

    /// The call of a narrowed group is over.
    pub(super) fn forget(&self, group: GroupId) {
        self.interpreter.contexts.remove(group);
        if let Some(dispatcher) = self.dispatcher.get().and_then(Weak::upgrade) {
            dispatcher.remove_group(group);
        }
    }

    /// Reports a call that never began.
    pub(super) fn refuse(&self, call: u32, error: Box<Error>) {
        self.observer().notify(Event::Failed { call, error });
        self.observer().flush();
    }

    /// Reports a failure whose explanation looks at files. That may hang, so it is made on a thread of its own.
    fn explain(&self, failure: Failure) {
        let (seeing, blind) = (Arc::clone(&self.interpreter), Arc::clone(&self.interpreter));
        let unseen = failure.clone();
        self.explainer.explain(
            move || {
                let outcome = seeing.interpret(failure, true);
                Box::new(move || seeing.tell(outcome))
            },
            move || {
                let outcome = blind.interpret(unseen.without_files(), false);
                blind.tell(outcome);
            },
        );
    }
}

/// What a look at files explains.
#[derive(Clone)]
enum Failure {
    Call(Box<Facts>, Arc<ToolContext>),
    Ready(u32, Box<StartFailure>),
    Tools(u32, Box<StartFailure>),
}

impl Failure {
    /// Refusals of files that cannot be looked at are left out: nobody knows what to say of them.
    fn without_files(mut self) -> Self {
        let is_file = |denial: &Denial| denial.permission.is_of_files();
        match &mut self {
            Self::Call(facts, _) => {
                let before = facts.denials.len();
                facts.denials.retain(|denial| !is_file(denial));
                facts.denials_dropped += (before - facts.denials.len()) as u64;
                facts.denials_complete = false;
                if let End::NotStarted(failure) = &mut facts.end {
                    failure.denials.retain(|denial| !is_file(denial));
                }
            }
            Self::Ready(_, failure) | Self::Tools(_, failure) => failure.denials.retain(|denial| !is_file(denial)),
        }
        self
    }
}

/// The event for the host, and the facts of the call that the metrics record.
struct Outcome {
    event: Event,
    facts: Option<Box<Facts>>,
}

/// Interprets facts and passes the events to the observer.
struct Interpreter {
    observer: Arc<dyn Observer>,
    metrics: Metrics,
    contexts: Contexts,
}

impl Interpreter {
    fn interpret(&self, failure: Failure, seeing: bool) -> Outcome {
        let context = match &failure {
            Failure::Call(_, context) => Arc::clone(context),
            Failure::Ready(..) | Failure::Tools(..) => self.contexts.own(),
        };
        let context = if seeing { &context.seeing } else { &context.blind };
        let start = |failure: &StartFailure| {
            let error = start_error(failure, context);
            Box::new(error.hint_first((!seeing).then(|| hints::flags::NOT_LOOKED_AT.to_owned())))
        };
        match failure {
            Failure::Ready(question, failure) => Outcome {
                event: Event::Ready {
                    question,
                    result: Err(start(&failure)),
                },
                facts: None,
            },
            Failure::Tools(question, failure) => Outcome {
                event: Event::Tools {
                    question,
                    result: Err(start(&failure)),
                },
                facts: None,
            },
            Failure::Call(mut facts, _) => {
                let result = interpret(&mut facts, context);
                let call = facts.call;
                let event = match result {
                    Ok(json) => Event::Value { call, json },
                    Err(error) if seeing => Event::Failed { call, error },
                    Err(error) => Event::Failed {
                        call,
                        error: Box::new(error.hint_first(Some(hints::flags::NOT_LOOKED_AT.to_owned()))),
                    },
                };
                Outcome {
                    event,
                    facts: Some(facts),
                }
            }
        }
    }

    fn tell(&self, outcome: Outcome) {
        match outcome.facts {
            Some(facts) => self.settle(&facts, outcome.event),
            None => self.observer.notify(outcome.event),
        }
        self.observer.flush();
    }

    /// Records a call that is over and reports its end.
    fn settle(&self, facts: &Facts, event: Event) {
        let error = match &event {
            Event::Failed { error, .. } => Some(error.as_ref()),
            _ => None,
        };
        self.metrics.record(facts, error);
        let record = self.observer.wants_records().then(|| outcome::record(facts, error));
        self.observer.notify(event);
        if let Some(json) = record {
            self.observer.notify(Event::Record { json });
        }
    }
}

impl Sink for OutcomeSink {
    fn settled(&self, mut facts: Facts) {
        if let Some(lessons) = &self.ground.lessons {
            lessons.settled(&facts);
        }
        if let Some(compiled) = &self.launches.compiled {
            compiled.served();
        }
        self.launches.forking.served();
        let interpreter = &self.interpreter;
        let of_call = interpreter.contexts.of(&facts);
        if facts.group.is_narrowed() {
            self.forget(facts.group);
        }
        let context = &of_call.seeing;
        let denied = &context.denied;
        let looks_at_files = match &facts.end {
            _ if !facts.denials.is_empty() => denied.looks_at_files(),
            End::Threw(thrown) => denied.looks_at_files_of(thrown),
            End::NotStarted(_) => denied.looks_at_files(),
            _ => false,
        };
        if looks_at_files {
            return self.explain(Failure::Call(Box::new(facts), of_call));
        }
        let call = facts.call;
        let event = match interpret(&mut facts, context) {
            Ok(json) => Event::Value { call, json },
            Err(error) => Event::Failed { call, error },
        };
        interpreter.settle(&facts, event);
    }

    fn line(&self, line: &Line<'_>) {
        self.observer().line(line);
    }

    fn wants_logs(&self) -> bool {
        self.observer().wants_logs()
    }

    fn progress(&self, call: u32, json: &str) {
        self.observer().notify(Event::Progress {
            call,
            json: json.to_owned(),
        });
    }

    fn drained(&self) {
        self.observer().notify(Event::Drain);
    }

    fn ready(&self, question: u32, result: Result<(), &StartFailure>) {
        match result {
            Ok(()) => self.observer().notify(Event::Ready {
                question,
                result: Ok(()),
            }),
            Err(failure) => self.explain(Failure::Ready(question, Box::new(failure.clone()))),
        }
    }

    fn tools(&self, question: u32, result: Result<&str, &StartFailure>) {
        match result {
            Ok(json) => self.observer().notify(Event::Tools {
                question,
                result: Ok(self.flags.add_to(json)),
            }),
            Err(failure) => self.explain(Failure::Tools(question, Box::new(failure.clone()))),
        }
    }

    fn listen(&self, doorbell: OwnedFd) {
        self.observer().notify(Event::Listen { doorbell });
    }

    fn closed(&self) {
        self.explainer.close();
        self.launches.close();
        self.observer().notify(Event::Closed);
    }

    fn flush(&self) {
        self.observer().flush();
    }

    fn congested(&self) -> bool {
        self.observer().congested()
    }
}
