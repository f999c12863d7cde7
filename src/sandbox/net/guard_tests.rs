use std::io::Write;
use std::net::Ipv4Addr;

use super::super::machine::Parsed;
use super::super::resolution::DNS_PORT;
use super::*;
use crate::config::{Host, NetRule};

/// A guard of these rules on a machine whose nameserver is 127.0.0.1.
fn guard(hosts: &[Host]) -> (NetGuard, tempfile::TempPath) {
    let rule = |host: &Host| NetRule {
        host: host.clone(),
        port: None,
    };
    let rules = Rules {
        allow: hosts.iter().map(rule).collect(),
        deny: Vec::new(),
    };
    let mut guard = NetGuard::new(Extent::Listed, rules, UnixSockets::default(), Denials::new(true, None));
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"nameserver 127.0.0.1\n").expect("written");
    let path = file.into_temp_path();
    let sources = Arc::get_mut(&mut guard.sources).expect("not shared yet");
    sources.conf = Parsed::new(path.to_string_lossy().into_owned().leak(), ResolvConf::parse);
    (guard, path)
}

/// Where a connection to the nameserver leads.
fn led_to((guard, _conf): &(NetGuard, tempfile::TempPath)) -> SocketAddr {
    let fd = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
    let socket = Socket::of(fd.expect("a socket")).expect("a socket");
    let nameserver = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DNS_PORT);
    let bytes = socket.bytes_of(nameserver).expect("an address");
    match guard.connect(&socket, &bytes, 1, |path| Some(path.to_owned())) {
        Ok(Way::Address(bytes)) => address::parse(&bytes).expect("an address"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_listed_nameserver_is_reached_itself_unless_names_are_listed() {
    let nameserver = Host::Ip(Ipv4Addr::LOCALHOST.into());
    assert_eq!(led_to(&guard(std::slice::from_ref(&nameserver))).port(), DNS_PORT);
    let with_name = guard(&[nameserver, Host::Name("api.test".to_owned())]);
    assert_ne!(
        led_to(&with_name).port(),
        DNS_PORT,
        "the resolver would not learn the name"
    );
}
