//! Omits a port from a flag where the system chose it for the tool's own server, because the system will choose another
//! one next time.

use crate::config::NetRule;
use crate::sandbox::{Denial, Permission};

/// What the supervisor knows about the port applies to every name of the same refusal.
pub(super) fn settle(found: &mut Denial, seen: &[Denial]) {
    let Some(port) = port_of(found) else {
        return;
    };
    let without = |denial: &Denial| port_of(denial) == Some(port) && !names(&denial.flag, port);
    if names(&found.flag, port) && seen.iter().any(without) {
        let end = found.flag.len() - format!(":{port}").len();
        found.flag.truncate(end);
    }
}

fn port_of(denial: &Denial) -> Option<u16> {
    let of_net = denial.permission == Permission::Net;
    of_net
        .then(|| NetRule::parse(&denial.resource).ok()?.port)?
        .filter(|port| *port != 0)
}

fn names(flag: &str, port: u16) -> bool {
    flag.ends_with(&format!(":{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(resource: &str, flag: &str) -> Denial {
        Denial {
            flag: flag.to_owned(),
            ..Denial::new(Permission::Net, resource.to_owned(), 0)
        }
    }

    #[test]
    fn a_port_that_was_chosen_is_in_no_flag() {
        let chosen = [seen("127.0.0.1:4567", "--allow-net=127.0.0.1")];
        for (resource, flag) in [
            ("localhost:4567", "--allow-net=localhost"),
            ("[::1]:4567", "--allow-net=[::1]"),
            ("localhost:80", "--allow-net=localhost:80"),
            ("unix:/tmp/a:4567", "--allow-net=unix:/tmp/a:4567"),
        ] {
            let mut found = Denial::new(Permission::Net, resource.to_owned(), 0);
            settle(&mut found, &chosen);
            assert_eq!(found.flag, flag);
        }
    }

    #[test]
    fn every_other_port_is() {
        let mut found = Denial::new(Permission::Net, "localhost:4567".to_owned(), 0);
        settle(
            &mut found,
            &[Denial::new(Permission::Net, "127.0.0.1:4567".to_owned(), 0)],
        );
        assert_eq!(found.flag, "--allow-net=localhost:4567");
        settle(&mut found, &[]);
        assert_eq!(found.flag, "--allow-net=localhost:4567");
    }
}
