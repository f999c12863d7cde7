//! Whether an address is allowed; pure logic.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::config::{Host, NetRule, is_metadata};

/// The allowed and the denied entries.
#[derive(Debug)]
pub(in super::super) struct Rules {
    pub(in super::super) allow: Vec<NetRule>,
    pub(in super::super) deny: Vec<NetRule>,
}

impl Rules {
    /// Whether (ip, port) may be reached; `names` are the names that the address is known by.
    pub(super) fn allows(&self, address: SocketAddr, names: &BTreeSet<String>) -> bool {
        let fits = |rule: &NetRule| {
            let host = match &rule.host {
                Host::Ip(ip) => ip.to_canonical() == address.ip(),
                // The owner of a name may point it anywhere, also at the credentials of this machine.
                Host::Name(name) => !is_metadata(address.ip()) && names.contains(name),
                Host::Unix(_) => false,
            };
            host && rule.port.is_none_or(|port| port == address.port())
        };
        self.allow.iter().any(fits) && !self.deny.iter().any(fits)
    }

    /// Whether the list names this address itself, on any port.
    pub(super) fn lists(&self, ip: IpAddr) -> bool {
        let is = |rule: &NetRule| matches!(rule.host, Host::Ip(listed) if listed.to_canonical() == ip);
        self.allow.iter().any(is)
    }

    /// Whether anything except unix sockets may be reached.
    pub(super) fn reaches(&self) -> bool {
        self.allow.iter().any(|rule| !matches!(rule.host, Host::Unix(_)))
    }

    /// Whether the list has names.
    pub(super) fn have_names(&self) -> bool {
        self.allow.iter().any(|rule| matches!(rule.host, Host::Name(_)))
    }

    /// Whether a name may be resolved: some port of it must be allowed.
    pub(super) fn allows_name(&self, name: &str) -> bool {
        let is = |rule: &&NetRule| rule.host == Host::Name(name.to_owned());
        self.allow.iter().any(|rule| is(&rule)) && !self.deny.iter().any(|rule| is(&rule) && rule.port.is_none())
    }
}

/// How a flag names a refused address: by its name where it has one.
pub(super) fn resource(address: SocketAddr, names: &BTreeSet<String>) -> String {
    match names.first() {
        Some(name) => format!("{name}:{}", address.port()),
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(host: &str, port: Option<u16>) -> NetRule {
        let host = host.parse().map_or_else(|_| Host::Name(host.into()), Host::Ip);
        NetRule { host, port }
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_needs_a_rule_for_it_or_for_its_name() {
        let rules = Rules {
            allow: vec![
                rule("10.0.0.1", Some(80)),
                rule("api.test", Some(443)),
                rule("10.0.0.9", None),
                rule("::ffff:10.0.0.7", None),
            ],
            deny: vec![rule("10.0.0.9", Some(25))],
        };
        let none = BTreeSet::new();
        let api = BTreeSet::from(["api.test".to_owned()]);
        for (address, names, allowed) in [
            ("10.0.0.1:80", &none, true),
            ("10.0.0.1:81", &none, false),
            ("10.0.0.2:443", &none, false),
            ("10.0.0.2:443", &api, true),
            ("10.0.0.2:444", &api, false),
            ("10.0.0.9:24", &none, true),
            ("10.0.0.9:25", &none, false),
            ("10.0.0.7:1", &none, true),
            ("[::1]:80", &none, false),
        ] {
            assert_eq!(rules.allows(at(address), names), allowed, "{address} {names:?}");
        }
        assert!(rules.allows_name("api.test") && !rules.allows_name("test") && !rules.allows_name("10.0.0.1"));
    }

    #[test]
    fn a_metadata_service_is_reached_by_its_own_address_only() {
        let names = BTreeSet::from(["metadata.test".to_owned()]);
        let by_name = Rules {
            allow: vec![rule("metadata.test", None)],
            deny: vec![],
        };
        let by_address = Rules {
            allow: vec![rule("169.254.169.254", Some(80)), rule("fd00:ec2::254", None)],
            deny: vec![],
        };
        for address in ["169.254.169.254:80", "100.100.100.200:80", "[fd00:ec2::254]:80"] {
            assert!(!by_name.allows(at(address), &names), "{address}");
        }
        assert!(
            by_name.allows(at("10.0.0.1:80"), &names),
            "private addresses stay reachable"
        );
        assert!(by_address.allows(at("169.254.169.254:80"), &names));
        assert!(!by_address.allows(at("169.254.169.254:81"), &names));
        assert!(by_address.lists("169.254.169.254".parse().expect("ip")));
        assert!(!by_address.lists("169.254.170.2".parse().expect("ip")));
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        let rules = Rules {
            allow: vec![],
            deny: vec![],
        };
        assert!(!rules.allows(at("127.0.0.1:80"), &BTreeSet::from(["localhost".to_owned()])));
    }

    #[test]
    fn a_refusal_is_written_as_its_flag_would_be() {
        assert_eq!(
            resource(at("10.0.0.1:80"), &BTreeSet::from(["api.test".to_owned()])),
            "api.test:80"
        );
        assert_eq!(resource(at("[::1]:80"), &BTreeSet::new()), "[::1]:80");
    }
}
