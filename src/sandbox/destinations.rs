//! The names and ports that a worker says it connects to. The resolver is asked for a name alone, so the supervisor knows a
//! refused name without its port, and a flag for the name would allow every port. A worker's word only adds a port to a name
//! that was refused: it adds no denial.

use super::denials::{Denial, Permission};

/// How many are kept of one worker between two calls of `take`.
const KEPT: usize = 64;
/// No name of the DNS is longer.
const LONGEST: usize = 253;

#[derive(Debug, Default)]
pub(super) struct Destinations(Vec<(String, u16)>);

impl Destinations {
    /// Notes a place as `host:port`; any other text is ignored.
    pub(super) fn note(&mut self, place: &str) {
        let Some((host, port)) = place.rsplit_once(':') else {
            return;
        };
        let Ok(port @ 1..) = port.parse::<u16>() else {
            return;
        };
        let same = |known: &(String, u16)| known.0 == host && known.1 == port;
        let is_name = (1..=LONGEST).contains(&host.len());
        if is_name && self.0.len() < KEPT && !self.0.iter().any(same) {
            self.0.push((host.to_owned(), port));
        }
    }

    /// Replaces each refused name by one denial for every port of it that was noted.
    pub(super) fn complete(&self, denials: &mut Vec<Denial>) {
        if self.0.is_empty() {
            return;
        }
        *denials = std::mem::take(denials)
            .into_iter()
            .flat_map(|denial| {
                let full = self.with_ports(&denial);
                if full.is_empty() { vec![denial] } else { full }
            })
            .collect();
    }

    fn with_ports(&self, denial: &Denial) -> Vec<Denial> {
        let of_it = |(host, _): &&(String, u16)| {
            denial.permission == Permission::Net && host.eq_ignore_ascii_case(&denial.resource)
        };
        let full = |(_, port): &(String, u16)| Denial {
            at: denial.at,
            last: denial.last,
            ..Denial::new(Permission::Net, format!("{}:{port}", denial.resource), denial.worker)
        };
        self.0.iter().filter(of_it).map(full).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(refused: &[(Permission, &str)], places: &[&str]) -> Vec<String> {
        let mut destinations = Destinations::default();
        places.iter().for_each(|place| destinations.note(place));
        let mut denials = refused
            .iter()
            .map(|(permission, resource)| Denial::new(*permission, (*resource).to_owned(), 1))
            .collect();
        destinations.complete(&mut denials);
        denials.into_iter().map(|denial| denial.flag).collect()
    }

    #[test]
    fn a_refused_name_gets_the_ports_that_were_wanted_of_it() {
        let net = |resource| (Permission::Net, resource);
        assert_eq!(flags(&[net("a.test")], &["A.test:443"]), ["--allow-net=a.test:443"]);
        assert_eq!(
            flags(
                &[net("a.test"), net("b.test")],
                &["a.test:443", "a.test:80", "a.test:443"]
            ),
            ["--allow-net=a.test:443", "--allow-net=a.test:80", "--allow-net=b.test"]
        );
    }

    #[test]
    fn nothing_else_becomes_another_refusal() {
        let net = |resource| (Permission::Net, resource);
        assert_eq!(flags(&[], &["a.test:443"]), [""; 0]);
        for (permission, resource) in [
            net("a.test:80"),
            net("127.0.0.1:443"),
            net(""),
            (Permission::Run, "a.test"),
        ] {
            let before = Denial::new(permission, resource.to_owned(), 1).flag;
            assert_eq!(flags(&[(permission, resource)], &["a.test:443", ":443"]), [before]);
        }
        for place in [
            "a.test",
            "a.test:",
            "a.test:0",
            "a.test:65536",
            "a.test:443 --allow-all",
            "a.test:443\n",
            "x a.test:443",
        ] {
            assert_eq!(flags(&[net("a.test")], &[place]), ["--allow-net=a.test"], "{place:?}");
        }
    }

    #[test]
    fn so_many_are_kept() {
        let mut destinations = Destinations::default();
        (1..1000).for_each(|port| destinations.note(&format!("a.test:{port}")));
        destinations.note(&format!("{}:1", "a".repeat(1 << 20)));
        assert_eq!(destinations.0.len(), KEPT);
    }
}
