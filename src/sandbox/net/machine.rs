//! /etc/hosts and /etc/resolv.conf, parsed once and again when they change.
//!
//! They are consulted for each connection, and a list of blocked names makes a hosts file megabytes long.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::descriptors::is_shortage_error;

/// The parsed form of a file.
#[derive(Debug)]
pub(super) struct Parsed<T> {
    path: &'static str,
    parse: fn(&str) -> T,
    read: Mutex<Option<(Version, Arc<T>)>>,
}

/// Identifies a version of a file without reading it: device, inode, size and time of the last change.
type Version = (u64, u64, u64, i64, i64);

impl<T> Parsed<T> {
    pub(super) fn new(path: &'static str, parse: fn(&str) -> T) -> Self {
        Parsed {
            path,
            parse,
            read: Mutex::new(None),
        }
    }

    /// The current content; a file that cannot be read counts as empty.
    pub(super) fn get(&self) -> Arc<T> {
        let version = version(Path::new(self.path));
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, parsed)) = &*read
            && *known == version
        {
            return Arc::clone(parsed);
        }
        let text = std::fs::read_to_string(self.path);
        let parsed = Arc::new((self.parse)(text.as_deref().unwrap_or_default()));
        // Without a descriptor the file is read the next time.
        if !text.is_err_and(|error| is_shortage_error(&error)) {
            *read = Some((version, Arc::clone(&parsed)));
        }
        parsed
    }
}

fn version(path: &Path) -> Version {
    path.metadata().map_or((0, 0, 0, 0, 0), |file| {
        (file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec())
    })
}

/// Names by address.
#[derive(Debug, Default)]
pub(super) struct Hosts(HashMap<IpAddr, BTreeSet<String>>);

impl Hosts {
    pub(super) fn file() -> Parsed<Hosts> {
        Parsed::new("/etc/hosts", Hosts::parse)
    }

    fn parse(text: &str) -> Self {
        let mut names: HashMap<IpAddr, BTreeSet<String>> = HashMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else {
                continue;
            };
            let names = names.entry(address.to_canonical()).or_default();
            names.extend(words.map(|name| name.trim_end_matches('.').to_ascii_lowercase()));
        }
        Hosts(names)
    }

    pub(super) fn names(&self, ip: IpAddr) -> impl Iterator<Item = &String> {
        self.0.get(&ip).into_iter().flatten()
    }

    /// Whether the file maps the name to this address.
    pub(super) fn says(&self, name: &str, ip: IpAddr) -> bool {
        self.0.get(&ip).is_some_and(|names| names.contains(name))
    }
}

/// The nameservers that libc and c-ares ask, and the search domains that they append.
#[derive(Debug, Default)]
pub(super) struct ResolvConf {
    nameservers: Vec<IpAddr>,
    domains: Vec<String>,
}

impl ResolvConf {
    pub(super) fn file() -> Parsed<ResolvConf> {
        Parsed::new("/etc/resolv.conf", ResolvConf::parse)
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut conf = ResolvConf::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    // An interface name may follow a link-local address.
                    let address = words
                        .next()
                        .and_then(|word| word.split('%').next()?.parse::<IpAddr>().ok());
                    conf.nameservers.extend(address.map(|ip| ip.to_canonical()));
                }
                Some("search" | "domain") => conf.domains.extend(words.map(|word| word.trim_matches('.').to_owned())),
                _ => {}
            }
        }
        conf
    }

    /// Where the file names none, libc and c-ares ask the local machine.
    pub(super) fn is_nameserver(&self, ip: IpAddr) -> bool {
        self.nameservers.contains(&ip) || (self.nameservers.is_empty() && ip.is_loopback())
    }

    /// The name as the tool wrote it, without a search domain that libc appended.
    pub(super) fn without_search<'a>(&self, name: &'a str) -> &'a str {
        let bare = |domain: &String| {
            let bare = name.strip_suffix(domain.as_str())?.strip_suffix('.')?;
            (!bare.is_empty()).then_some(bare)
        };
        self.domains.iter().find_map(bare).unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_hosts_file_names_addresses() {
        let hosts = Hosts::parse(
            "127.0.0.1 localhost\n# 10.0.0.9 comment\n10.0.0.1\tDB.internal. db # ours\n\n::1 localhost\nbad line\n::ffff:10.0.0.2 x\n",
        );
        let of = |text| hosts.names(ip(text)).cloned().collect::<Vec<_>>();
        assert_eq!(of("10.0.0.1"), ["db", "db.internal"]);
        assert_eq!(of("127.0.0.1"), ["localhost"]);
        assert_eq!(of("10.0.0.2"), ["x"]);
        assert!(of("10.0.0.9").is_empty());
        assert!(hosts.says("db", ip("10.0.0.1")) && !hosts.says("db", ip("10.0.0.2")));
    }

    #[test]
    fn resolv_conf_names_servers_and_domains() {
        let conf = ResolvConf::parse(
            "# nameserver 1.1.1.1\nsearch corp.test svc.local.\nnameserver 10.0.0.53\n nameserver\tfe80::1%eth0\nnameserver x\n",
        );
        assert_eq!(conf.nameservers, [ip("10.0.0.53"), ip("fe80::1")]);
        assert!(conf.is_nameserver(ip("10.0.0.53")) && !conf.is_nameserver(ip("1.1.1.1")));
        assert!(!conf.is_nameserver(ip("127.0.0.1")));
        let none = ResolvConf::parse("search corp.test\n");
        assert!(none.is_nameserver(ip("127.0.0.1")) && none.is_nameserver(ip("::1")));
        assert!(!none.is_nameserver(ip("10.0.0.53")));
        assert_eq!(conf.without_search("api.example.com.corp.test"), "api.example.com");
        assert_eq!(conf.without_search("db.svc.local"), "db");
        assert_eq!(conf.without_search("corp.test"), "corp.test");
        assert_eq!(conf.without_search("api.example.com"), "api.example.com");
    }

    #[test]
    fn a_file_is_read_once_for_each_version() {
        static READS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let file = Parsed::new("/etc/hosts", |_| {
            READS.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
        });
        for _ in 0..10 {
            file.get();
        }
        assert_eq!(READS.load(std::sync::atomic::Ordering::SeqCst), 1);
        assert!(Parsed::new("/nonexistent", str::is_empty).get().as_ref());
    }
}
