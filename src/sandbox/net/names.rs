//! Which names an address goes by: what the resolver answered, and what /etc/hosts says.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// An allowed name with that many addresses is not one that anybody uses.
const KEPT: usize = 16 * 1024;

#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<IpAddr, BTreeSet<String>>>);

impl Names {
    /// The resolver answered `name` with `ip`.
    pub(super) fn learn(&self, ip: IpAddr, name: &str) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= KEPT {
            names.clear(); // the worker resolves again
        }
        names.entry(ip.to_canonical()).or_default().insert(name.to_owned());
    }

    /// The names it was resolved from.
    pub(super) fn learned(&self, ip: IpAddr) -> BTreeSet<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&ip)
            .cloned()
            .unwrap_or_default()
    }

    /// Every name of an address. Names in /etc/hosts are resolved inside the worker, so they are looked up here too.
    pub(super) fn of(&self, ip: IpAddr, hosts: &str) -> BTreeSet<String> {
        let mut found = self.learned(ip);
        found.extend(in_hosts(hosts, ip));
        if ip == IpAddr::V4(Ipv4Addr::LOCALHOST) || ip == IpAddr::V6(Ipv6Addr::LOCALHOST) {
            found.insert("localhost".to_owned());
        }
        found
    }
}

/// The names a hosts file gives an address.
fn in_hosts(hosts: &str, ip: IpAddr) -> impl Iterator<Item = String> {
    entries(hosts)
        .filter(move |(address, _)| *address == ip)
        .flat_map(|(_, names)| {
            names
                .split_whitespace()
                .map(|name| name.trim_end_matches('.').to_ascii_lowercase())
        })
}

/// Whether a hosts file gives the name this address.
pub(super) fn hosts_says(hosts: &str, name: &str, ip: IpAddr) -> bool {
    in_hosts(hosts, ip).any(|known| known == name)
}

fn entries(hosts: &str) -> impl Iterator<Item = (IpAddr, &str)> {
    hosts.lines().filter_map(|line| {
        let line = line.split('#').next()?.trim();
        let (address, names) = line.split_once(char::is_whitespace)?;
        Some((address.parse::<IpAddr>().ok()?.to_canonical(), names))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: &str =
        "127.0.0.1 localhost\n# 10.0.0.9 comment\n10.0.0.1\tDB.internal. db # ours\n\n::1 localhost\nbad line\n";

    #[test]
    fn an_address_has_the_names_it_was_given() {
        let names = Names::default();
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        names.learn(ip("::ffff:10.0.0.2"), "api.test");
        names.learn(ip("10.0.0.2"), "cdn.test");
        let of = |text| names.of(ip(text), HOSTS).into_iter().collect::<Vec<_>>();
        assert_eq!(of("10.0.0.2"), ["api.test", "cdn.test"]);
        assert_eq!(of("10.0.0.1"), ["db", "db.internal"]);
        assert_eq!(of("127.0.0.1"), ["localhost"]);
        assert_eq!(names.of(ip("::1"), "").into_iter().collect::<Vec<_>>(), ["localhost"]);
        assert!(of("10.0.0.9").is_empty());
        assert!(hosts_says(HOSTS, "db", ip("10.0.0.1")) && !hosts_says(HOSTS, "db", ip("10.0.0.2")));
    }
}
