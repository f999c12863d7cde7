//! Reports what the sandbox refused, each access once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::event::Event;
use crate::outcome::narrow;
use crate::sandbox::Denials;

/// How many different refusals are reported. One more event says that there were others.
const LISTED: usize = 100;

/// The refusals of one program.
pub(super) struct Refusals {
    /// `None` without a sandbox.
    denials: Option<Denials>,
    /// The terminals that the program has in any case.
    terminals: Vec<PathBuf>,
    /// The user's home directory, for which no flag is suggested.
    home: Option<PathBuf>,
    reported: HashSet<String>,
}

impl Refusals {
    pub(super) fn new(denials: Option<Denials>, terminals: Vec<PathBuf>) -> Self {
        Self {
            denials,
            terminals,
            home: std::env::home_dir(),
            reported: HashSet::new(),
        }
    }

    /// Reports those that were not reported yet.
    pub(super) fn report(&mut self, program: u32, report: &impl Fn(Event)) {
        let Some(denials) = &self.denials else { return };
        for mut denial in denials.take(program).denials {
            if self.reported.len() > LISTED {
                return;
            }
            narrow(&mut denial, self.home.as_deref());
            let known = self.terminals.iter().any(|path| path == Path::new(&denial.resource));
            if known || !self.reported.insert(format!("{} {}", denial.flag, denial.resource)) {
                continue;
            }
            report(if self.reported.len() > LISTED {
                Event::Unlisted
            } else {
                Event::denied(denial)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::sandbox::{Denial, Permission};

    const PROGRAM: u32 = 0x4000_0001;

    fn events_of(refusals: &mut Refusals, denials: &Denials, resources: &[String]) -> Vec<Event> {
        let events = RefCell::new(Vec::new());
        for resource in resources {
            denials.add(Denial::new(Permission::Net, resource.clone(), PROGRAM));
            refusals.report(PROGRAM, &|event| events.borrow_mut().push(event));
        }
        events.into_inner()
    }

    #[test]
    fn each_is_reported_once_and_not_without_end() {
        let denials = Denials::default();
        let mut refusals = Refusals::new(Some(denials.clone()), Vec::new());
        let resources: Vec<String> = (0..300).map(|port| format!("a.test:{}", port / 2)).collect();
        let events = events_of(&mut refusals, &denials, &resources);
        assert_eq!(events.len(), LISTED + 1);
        assert_eq!(events.last(), Some(&Event::Unlisted));
        let flags: HashSet<_> = events.iter().map(Event::to_json).collect();
        assert_eq!(flags.len(), events.len(), "no event twice");
    }

    #[test]
    fn its_own_terminal_is_no_refusal() {
        let denials = Denials::default();
        let mut refusals = Refusals::new(Some(denials.clone()), vec!["/dev/pts/7".into()]);
        for path in ["/dev/pts/7", "/dev/pts/8"] {
            denials.add(Denial::new(Permission::Read, path.to_owned(), PROGRAM));
        }
        let events = RefCell::new(Vec::new());
        refusals.report(PROGRAM, &|event| events.borrow_mut().push(event));
        assert_eq!(events.into_inner().len(), 1);
    }
}
