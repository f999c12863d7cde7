//! Turns connections and servers into entries of `--allow-net`. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::activity::{Activity, Need};
use crate::config::{Host, NetRule};

const PROCESSORS: &str = "/proc/cpuinfo";

/// What a tool needs of the network.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Network {
    /// `--allow-net` without a list.
    pub(super) everything: bool,
    /// The machine's interfaces were listed for a report of Node's, which does without them.
    pub(super) reported: bool,
    /// Entries of the list, unix sockets included; each with other entries that would allow the same.
    pub(super) entries: BTreeMap<String, Entry>,
}

/// An entry, and other rules that allow the same access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) rule: NetRule,
    pub(super) others: Vec<NetRule>,
}

/// Addresses are named as they were looked up: by the name that the worker said it connects to, else by one that the
/// resolver was asked for. This machine's two addresses are `localhost` where both were used.
pub(super) fn network(activity: &Activity) -> Network {
    let mut found = Network::default();
    let mut connections: BTreeMap<SocketAddr, BTreeSet<String>> = BTreeMap::new();
    let mut served: BTreeSet<SocketAddr> = BTreeSet::new();
    let mut resolved: BTreeSet<&str> = BTreeSet::new();
    let mut listed_interfaces = false;
    for need in activity.needs() {
        match need {
            Need::Connect { to, names } => connections.entry(*to).or_default().extend(names.iter().cloned()),
            Need::Listen(at) => {
                served.insert(*at);
            }
            Need::Resolve(name) => {
                resolved.insert(name);
            }
            Need::Unix(path) => found.add(unix(path), Vec::new()),
            Need::Datagrams => found.everything = true,
            Need::Interfaces => listed_interfaces = true,
            Need::Read(_) | Need::Write(_) | Need::Move { .. } | Need::Run { .. } | Need::Env(_) => {}
        }
    }
    found.add_unconnected(activity, &connections, resolved);
    // libc lists interfaces whenever it resolves a name.
    listed_interfaces &= connections.is_empty() && served.is_empty() && found.entries.is_empty();
    // Libraries ask for a report to find out which C library there is. It also says which processors there are.
    found.reported = listed_interfaces && activity.needs().any(|need| *need == Need::Read(PROCESSORS.into()));
    found.everything |= listed_interfaces && !found.reported;
    // A port that the system chose for a server is another one next time.
    let any_port: BTreeSet<IpAddr> = served.iter().filter(|at| at.port() == 0).map(SocketAddr::ip).collect();
    for ip in &any_port {
        found.add(rule(Host::Ip(*ip), None), Vec::new());
    }
    let reached = |at: &SocketAddr| {
        any_port.contains(&at.ip())
            || (is_loopback(at.ip())
                && any_port
                    .iter()
                    .any(|ip| ip.is_unspecified() && same_family(*ip, at.ip())))
    };
    for at in served
        .iter()
        .filter(|at| at.port() != 0 && !any_port.contains(&at.ip()))
    {
        found.add(rule(Host::Ip(at.ip()), Some(at.port())), Vec::new());
    }
    for (to, names) in &connections {
        if any_port.contains(&to.ip()) || served.contains(to) {
            continue;
        }
        if reached(to) {
            // A client of the tool's own server, which listens on every address.
            found.add(rule(Host::Ip(to.ip()), None), Vec::new());
            continue;
        }
        let by_address = rule(Host::Ip(to.ip()), Some(to.port()));
        match name_of(activity, &connections, *to, names) {
            Some(name) => found.add(rule(Host::Name(name), Some(to.port())), vec![by_address]),
            None => found.add(by_address, Vec::new()),
        }
    }
    found
}

impl Network {
    /// Names that were resolved, and that nothing connected to: with the ports that the worker said, otherwise with every port.
    /// This machine's own name is always resolved.
    fn add_unconnected(
        &mut self,
        activity: &Activity,
        connections: &BTreeMap<SocketAddr, BTreeSet<String>>,
        resolved: BTreeSet<&str>,
    ) {
        let connected = |name: &str| connections.values().any(|names| names.contains(name));
        for name in resolved
            .into_iter()
            .filter(|name| *name != "localhost" && !connected(name))
        {
            let said = activity.wanted().iter().filter_map(|place| place.rsplit_once(':'));
            let said = said.filter(|(host, _)| *host == name);
            let ports: Vec<u16> = said.filter_map(|(_, port)| port.parse().ok()).collect();
            if ports.is_empty() {
                self.add(rule(Host::Name(name.to_owned()), None), Vec::new());
            }
            for port in ports {
                self.add(rule(Host::Name(name.to_owned()), Some(port)), Vec::new());
            }
        }
    }

    fn add(&mut self, rule: NetRule, others: Vec<NetRule>) {
        let entry = self.entries.entry(rule.to_string()).or_insert(Entry {
            rule,
            others: Vec::new(),
        });
        entry.others.extend(others);
    }
}

fn rule(host: Host, port: Option<u16>) -> NetRule {
    NetRule { host, port }
}

fn unix(path: &std::path::Path) -> NetRule {
    rule(Host::Unix(path.to_string_lossy().into_owned()), None)
}

fn name_of(
    activity: &Activity,
    connections: &BTreeMap<SocketAddr, BTreeSet<String>>,
    to: SocketAddr,
    names: &BTreeSet<String>,
) -> Option<String> {
    let said = |name: &&String| activity.wanted().contains(&format!("{name}:{}", to.port()));
    if let Some(name) = names.iter().find(said) {
        return Some(name.clone());
    }
    if is_loopback(to.ip()) {
        let said = activity.wanted().contains(&format!("localhost:{}", to.port()));
        let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            .iter()
            .all(|ip| connections.contains_key(&SocketAddr::new(*ip, to.port())));
        return (said || both || names.contains("localhost")).then(|| "localhost".to_owned());
    }
    names.first().cloned()
}

/// The addresses that `localhost` means.
fn is_loopback(ip: IpAddr) -> bool {
    ip == IpAddr::V4(Ipv4Addr::LOCALHOST) || ip == IpAddr::V6(Ipv6Addr::LOCALHOST)
}

fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4() || (one.is_ipv6() && other.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(to: &str, names: &[&str]) -> Need {
        Need::Connect {
            to: to.parse().expect("an address"),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn listen(at: &str) -> Need {
        Need::Listen(at.parse().expect("an address"))
    }

    fn flags(needs: Vec<Need>, wanted: &[&str]) -> Vec<String> {
        let mut activity = Activity::default();
        needs.into_iter().for_each(|need| activity.note(need));
        wanted.iter().for_each(|place| activity.wants(place));
        let found = network(&activity);
        let everything = found.everything.then(|| "*".to_owned());
        everything.into_iter().chain(found.entries.into_keys()).collect()
    }

    #[test]
    fn an_address_is_named_as_it_was_looked_up() {
        assert_eq!(
            flags(vec![connect("10.0.0.1:443", &["api.test"])], &[]),
            ["api.test:443"]
        );
        assert_eq!(flags(vec![connect("10.0.0.1:443", &[])], &[]), ["10.0.0.1:443"]);
        let shared = || vec![connect("10.0.0.1:443", &["a.test", "b.test"])];
        assert_eq!(flags(shared(), &["B.test:443"]), ["b.test:443"]);
        assert_eq!(flags(shared(), &["b.test:80"]), ["a.test:443"]);
        let both = vec![
            connect("10.0.0.1:443", &["a.test"]),
            connect("[2001:db8::1]:443", &["a.test"]),
        ];
        assert_eq!(flags(both, &[]), ["a.test:443"]);
    }

    #[test]
    fn a_name_that_was_only_resolved_is_named_with_the_port_that_was_said() {
        let resolve = |name: &str| Need::Resolve(name.to_owned());
        assert_eq!(flags(vec![resolve("a.test"), resolve("localhost")], &[]), ["a.test"]);
        assert_eq!(
            flags(vec![resolve("a.test")], &["a.test:443", "b.test:80"]),
            ["a.test:443"]
        );
        let connected = vec![resolve("a.test"), connect("10.0.0.1:443", &["a.test"])];
        assert_eq!(flags(connected, &[]), ["a.test:443"]);
        assert_eq!(flags(vec![resolve("a.test"), Need::Interfaces], &[]), ["a.test"]);
    }

    #[test]
    fn this_machine_is_localhost_where_that_was_said_or_both_addresses_were_tried() {
        assert_eq!(flags(vec![connect("127.0.0.1:80", &[])], &[]), ["127.0.0.1:80"]);
        assert_eq!(
            flags(vec![connect("127.0.0.1:80", &[])], &["localhost:80"]),
            ["localhost:80"]
        );
        let both = vec![connect("127.0.0.1:80", &[]), connect("[::1]:80", &[])];
        assert_eq!(flags(both, &[]), ["localhost:80"]);
        let apart = vec![connect("127.0.0.1:80", &[]), connect("[::1]:81", &[])];
        assert_eq!(flags(apart, &[]), ["127.0.0.1:80", "[::1]:81"]);
    }

    #[test]
    fn a_server_whose_port_the_system_chose_needs_every_port_of_its_address() {
        let own = vec![listen("127.0.0.1:0"), connect("127.0.0.1:40123", &[])];
        assert_eq!(flags(own, &["localhost:40123"]), ["127.0.0.1"]);
        let everywhere = vec![listen("0.0.0.0:0"), connect("127.0.0.1:40123", &[])];
        assert_eq!(flags(everywhere, &[]), ["0.0.0.0", "127.0.0.1"]);
        let fixed = vec![listen("127.0.0.1:3000"), connect("127.0.0.1:3000", &[])];
        assert_eq!(flags(fixed, &[]), ["127.0.0.1:3000"]);
    }

    #[test]
    fn datagrams_need_the_whole_network_and_interfaces_only_where_no_name_was_resolved() {
        assert_eq!(flags(vec![Need::Datagrams], &[]), ["*"]);
        assert_eq!(flags(vec![Need::Interfaces], &[]), ["*"]);
        assert_eq!(
            flags(vec![Need::Interfaces, connect("10.0.0.1:1", &[])], &[]),
            ["10.0.0.1:1"]
        );
        assert_eq!(flags(vec![Need::Unix("/run/x".into())], &[]), ["unix:/run/x"]);
        let report = vec![Need::Interfaces, Need::Read("/proc/cpuinfo".into())];
        assert_eq!(flags(report.clone(), &[]), [""; 0]);
        assert_eq!(flags([report, vec![Need::Datagrams]].concat(), &[]), ["*"]);
    }
}
