//! Tells what the sandbox refused, each access once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::event::Event;
use crate::outcome::narrow;
use crate::sandbox::Denials;

/// How many different refusals are told. A program that is refused more than this is told about often enough.
const LISTED: usize = 100;

/// The refusals of one program.
pub(super) struct Refusals {
    /// `None` without a sandbox.
    denials: Option<Denials>,
    /// The terminals that the program has in any case.
    terminals: Vec<PathBuf>,
    /// The user's home directory, for which no flag is suggested.
    home: Option<PathBuf>,
    told: HashSet<String>,
}

impl Refusals {
    pub(super) fn new(denials: Option<Denials>, terminals: Vec<PathBuf>) -> Self {
        Self {
            denials,
            terminals,
            home: std::env::home_dir(),
            told: HashSet::new(),
        }
    }

    /// Tells those that were not told yet.
    pub(super) fn tell(&mut self, program: u32, tell: &impl Fn(Event)) {
        let Some(denials) = &self.denials else { return };
        for mut denial in denials.take(program).denials {
            if self.told.len() > LISTED {
                return;
            }
            narrow(&mut denial, self.home.as_deref());
            let known = self.terminals.iter().any(|path| path == Path::new(&denial.resource));
            if known || !self.told.insert(format!("{} {}", denial.flag, denial.resource)) {
                continue;
            }
            tell(if self.told.len() > LISTED {
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

    fn told(refusals: &mut Refusals, denials: &Denials, resources: &[String]) -> Vec<Event> {
        let events = RefCell::new(Vec::new());
        for resource in resources {
            denials.add(Denial::new(Permission::Net, resource.clone(), PROGRAM));
            refusals.tell(PROGRAM, &|event| events.borrow_mut().push(event));
        }
        events.into_inner()
    }

    #[test]
    fn each_is_told_once_and_not_without_end() {
        let denials = Denials::default();
        let mut refusals = Refusals::new(Some(denials.clone()), Vec::new());
        let resources: Vec<String> = (0..300).map(|port| format!("a.test:{}", port / 2)).collect();
        let events = told(&mut refusals, &denials, &resources);
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
        refusals.tell(PROGRAM, &|event| events.borrow_mut().push(event));
        assert_eq!(events.into_inner().len(), 1);
    }
}
