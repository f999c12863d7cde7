//! Calls with `permissions` of their own: each is served by a process that was made for it, under a policy that allows what both
//! the call's list and the tool's list allow.
//!
//! Making the policy looks at files, which may take long, so it happens on a thread of its own. Until the call is with the
//! dispatcher, its cancellation and the end of the manager are kept here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustc_hash::FxHashMap;

use super::confinement::{config_of, normalised};
use super::groups::{Ground, Group, NotStarted, group};
use super::launch_selector::LaunchSelector;
use super::outcome_sink::OutcomeSink;
use super::refused::refused;
use crate::config::{Config, Permissions};
use crate::dispatch::{Dispatcher, GroupProcesses, Refusal, Request};
use crate::error::{Code, Error, Problem, hints};
use crate::outcome::InterpretContext;
use crate::pool::GroupId;
use crate::sandbox::Policy;
use crate::spawn::TemporaryDirectories;

/// What a group's calls are narrowed from.
pub(super) struct Base {
    policy: Option<Arc<Policy>>,
    temporary: Option<Arc<TemporaryDirectories>>,
}

impl Base {
    pub(super) fn of(group: &Group) -> Self {
        Self {
            policy: group.confinement.policy.clone(),
            temporary: group.launch.temporary.clone(),
        }
    }
}

/// A cancellation that came before the call was with the dispatcher, with the caller's reason.
type Cancelled = Option<Option<String>>;

#[derive(Default)]
struct State {
    /// The calls that are being prepared.
    preparing: FxHashMap<u32, Cancelled>,
    last: u32,
    /// The manager closes once they are with the dispatcher.
    closing: bool,
}

pub(super) struct Narrowing {
    ground: Arc<Ground>,
    /// By the groups' numbers.
    bases: Vec<Base>,
    launches: Arc<LaunchSelector>,
    sink: Arc<OutcomeSink>,
    dispatcher: Arc<Dispatcher>,
    state: Mutex<State>,
}

impl Narrowing {
    pub(super) fn new(
        ground: Arc<Ground>,
        bases: Vec<Base>,
        launches: Arc<LaunchSelector>,
        sink: Arc<OutcomeSink>,
        dispatcher: Arc<Dispatcher>,
    ) -> Arc<Self> {
        Arc::new(Self {
            ground,
            bases,
            launches,
            sink,
            dispatcher,
            state: Mutex::default(),
        })
    }

    /// Takes a call whose tool may do no more than these flags allow, a JSON array. A returned error is the call's result.
    pub(super) fn submit(self: &Arc<Self>, request: Request, flags: &str) -> Result<(), Box<Error>> {
        let flags: Vec<String> = serde_json::from_str(flags)
            .map_err(|_| Error::validation(Code::InputInvalid, "permissions", "expected `permissions` to be flags"))?;
        let asked = Permissions::from_bun_flags(&flags).map_err(|problems| Box::new(of_call(problems)))?;
        let number = request.number;
        if self.lock().closing {
            return Err(refused(Refusal::Closed, &request, &self.ground.config));
        }
        self.lock().preparing.insert(number, None);
        let narrowing = Arc::clone(self);
        let prepare = move || {
            if let Err(error) = narrowing.prepare(request, &asked) {
                narrowing.sink.refuse(number, error);
            }
            narrowing.prepared(number);
        };
        let thread = thread::Builder::new().name("toolwarden-narrow".to_owned());
        thread.spawn(prepare).map(drop).map_err(|error| {
            self.prepared(number);
            let message = format!("the thread that prepares a call's permissions could not be started: {error}");
            Box::new(Error::new(Code::WorkerStart, message).source(error))
        })
    }

    pub(super) fn cancel(&self, number: u32, why: Option<String>) {
        if let Some(cancelled) = self.lock().preparing.get_mut(&number) {
            *cancelled = Some(why);
            return;
        }
        self.dispatcher.cancel(number, why);
    }

    /// Without `force`, calls that are being prepared are served first.
    pub(super) fn close(&self, force: bool) {
        let mut state = self.lock();
        state.closing = true;
        if !force && !state.preparing.is_empty() {
            return;
        }
        drop(state);
        self.dispatcher.close(force);
    }

    fn prepare(&self, mut request: Request, asked: &Permissions) -> Result<(), Box<Error>> {
        let (processes, context) = self.confined(&request, asked)?;
        let base = request.group.base;
        let narrowed = {
            let mut state = self.lock();
            state.last = state.last.checked_add(1).unwrap_or(1);
            state.last
        };
        let group = GroupId { base, narrowed };
        request.group = group;
        let config = &self.ground.config;
        self.sink.know(group, context);
        if !self.dispatcher.add_group(group, processes) {
            self.sink.forget(group);
            return Err(refused(Refusal::Closed, &request, config));
        }
        match self.dispatcher.submit(vec![request]).pop() {
            None => Ok(()),
            Some((request, refusal)) => {
                self.sink.forget(group);
                Err(refused(refusal, &request, config))
            }
        }
    }

    /// A sandbox that allows what both lists allow, with everything that processes under it need.
    fn confined(
        &self,
        request: &Request,
        asked: &Permissions,
    ) -> Result<(GroupProcesses, InterpretContext), Box<Error>> {
        let ground = &*self.ground;
        let tool = request.tool.as_str();
        let of_tool = match ground.config.tools.find(tool) {
            Some(entry) => config_of(&ground.config, entry),
            None => ground.config.clone(),
        };
        let narrowed = Config {
            permissions: asked.clone().and_denials_of(&of_tool.permissions),
            ..of_tool.clone()
        };
        let base = &self.bases[request.group.base as usize];
        let places = ground.places(None);
        let of_call_only = |error: Box<Error>| match error.code {
            Code::ConfigInvalid => Box::new(of_call(error.context.problems)),
            _ => error,
        };
        let allowed = normalised(&of_tool, base.policy.as_deref(), &places)?;
        let mut made = group(ground, &narrowed, request.group.base, base.temporary.clone()).map_err(of_call_only)?;
        let wanted = normalised(&narrowed, made.policy(), &places).map_err(of_call_only)?;
        let working_dir = ground.working_dir.as_path();
        let beyond = wanted.beyond(&allowed, working_dir).to_flags(working_dir);
        if !beyond.is_empty() {
            let list = match allowed.to_flags(working_dir) {
                flags if flags.is_empty() => "nothing".to_owned(),
                flags => flags.join(" "),
            };
            let message = format!(
                "`permissions` has {}, which tool {tool} may not do: it is allowed {list}",
                beyond.join(" ")
            );
            return Err(Box::new(
                Error::config_invalid(vec![Problem::new("permissions", message)]).hint(hints::flags::ONLY_NARROWS),
            ));
        }
        let context = InterpretContext {
            max_output_size: request.output_cap,
            ..made.context.clone().of_call()
        };
        let processes = made.start(&self.launches).map_err(|failure| match failure {
            NotStarted::Launch(failure) => Box::new(Error::new(
                Code::WorkerStart,
                format!("a process cannot be started: {failure}"),
            )),
            NotStarted::Spawner(error) => error,
        })?;
        Ok((processes.without_waiting(), context))
    }

    /// The call is with the dispatcher, or was refused.
    fn prepared(&self, number: u32) {
        let mut state = self.lock();
        let cancelled = state.preparing.remove(&number).flatten();
        let closes = state.closing && state.preparing.is_empty();
        drop(state);
        if let Some(why) = cancelled {
            self.dispatcher.cancel(number, why);
        }
        if closes {
            self.dispatcher.close(false);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Problems of a list of flags as those of a call's.
fn of_call(problems: Vec<Problem>) -> Error {
    let moved = problems.into_iter().map(|problem| {
        let at = problem.field.find('[').map_or("", |at| &problem.field[at..]);
        Problem::new(format!("permissions{at}"), problem.message)
    });
    Error::config_invalid(moved.collect())
}
