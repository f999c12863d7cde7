//! Remembers which addresses the resolver returned for which name.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Addresses kept for one name; a further one replaces the oldest. Only listed names are resolved, so whoever answers
/// for one of them can make the host remember only this much, and cannot displace others.
const KEPT: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Names(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_address: HashMap<IpAddr, BTreeSet<String>>,
    by_name: HashMap<String, VecDeque<IpAddr>>,
}

impl Names {
    /// The resolver returned `ip` for `name`.
    pub(super) fn learn(&self, ip: IpAddr, name: &str) {
        let ip = ip.to_canonical();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { by_address, by_name } = &mut *known;
        if !by_address.entry(ip).or_default().insert(name.to_owned()) {
            return;
        }
        let addresses = by_name.entry(name.to_owned()).or_default();
        addresses.push_back(ip);
        if addresses.len() <= KEPT {
            return;
        }
        if let Some(oldest) = addresses.pop_front()
            && let Some(names) = by_address.get_mut(&oldest)
        {
            names.remove(name);
            if names.is_empty() {
                by_address.remove(&oldest);
            }
        }
    }

    /// The names that were resolved to this address.
    pub(super) fn learned(&self, ip: IpAddr) -> BTreeSet<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.by_address.get(&ip).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_address_has_the_names_it_was_given() {
        let names = Names::default();
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        names.learn(ip("::ffff:10.0.0.2"), "api.test");
        names.learn(ip("10.0.0.2"), "cdn.test");
        names.learn(ip("10.0.0.2"), "cdn.test");
        let of = |text| names.learned(ip(text)).into_iter().collect::<Vec<_>>();
        assert_eq!(of("10.0.0.2"), ["api.test", "cdn.test"]);
        assert!(of("10.0.0.3").is_empty());
    }

    #[test]
    fn a_name_of_many_addresses_pushes_out_only_its_own() {
        let names = Names::default();
        let at = |number: u32| IpAddr::V4(Ipv4Addr::from(number));
        names.learn(at(1), "steady.test");
        for number in 0..20_000 {
            names.learn(at(number), "many.test");
        }
        assert!(names.learned(at(1)).contains("steady.test"));
        assert!(names.learned(at(19_999)).contains("many.test"));
        assert!(names.learned(at(2)).is_empty());
        assert!(names.0.lock().expect("unpoisoned").by_address.len() <= KEPT + 1);
    }
}
