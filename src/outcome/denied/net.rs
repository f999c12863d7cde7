//! Refused connections, names and ports. Bun and Node report most of them as "failed".

use super::thrown::Thrown;
use crate::config::{Host, NetRule};
use crate::sandbox::{Denial, NetPolicy, Permission, Policy};

/// The error codes of Bun and Node for a failed connection or name.
const CODES: [&str; 15] = [
    "ECONNREFUSED",
    "ConnectionRefused",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_FAIL",
    "EAI_NONAME",
    "ESERVFAIL",
    "EREFUSED",
    "ENETUNREACH",
    "FailedToOpenSocket",
    "ConnectionClosed",
    "ECONNRESET",
    "ETIMEOUT",
    "ERR_SOCKET_CONNECTION",
    "ERR_SOCKET_DGRAM_IS_CONNECTED",
];
const TEXTS: [&str; 8] = [
    "unable to connect",
    "failed to connect",
    "fetch failed",
    "getaddrinfo",
    "failed to open socket",
    "failed to listen",
    "connection closed",
    "was there a typo in the url",
];
const CALLS: [&str; 6] = ["connect", "bind", "listen", "socket", "send", "sendto"];
/// Only datagram sockets fail with these calls; a list cannot allow them.
const DATAGRAMS: [&str; 3] = ["bind", "send", "sendto"];

pub(super) fn refusal(policy: &Policy, thrown: &Thrown<'_>, seen: &[Denial]) -> Option<Denial> {
    // With everything allowed, the supervisor still refuses metadata services and unlisted unix sockets.
    let everything = policy.net == NetPolicy::All;
    let of_net = || seen.iter().rev().filter(|denial| denial.permission == Permission::Net);
    // Without a recorded refusal there is no denial, whatever the error says.
    of_net().next()?;
    if lists_interfaces(thrown) {
        return of_net().find(|denial| denial.resource.is_empty()).cloned();
    }
    let known = || of_net().filter(|denial| !denial.resource.is_empty());
    let refused = thrown.is_refusal() && (CALLS.contains(&thrown.syscall) || thrown.field("address").is_some());
    if !refused && !failed(thrown) {
        return None;
    }
    let target = resource(thrown);
    let named = if is_place(&target) {
        target.clone()
    } else {
        String::new()
    };
    let nameless = of_net().find(|denial| denial.resource.is_empty());
    if let (Some(denial), true) = (nameless, refused && DATAGRAMS.contains(&thrown.syscall)) {
        return Some(Denial {
            resource: named,
            ..denial.clone()
        });
    }
    if let Some(denial) = known().find(|denial| is_of(&denial.resource, &target)) {
        // A refused name has no port yet, while the fetched URL has one.
        return Some(if named.len() > denial.resource.len() {
            Denial::new(Permission::Net, named, 0)
        } else {
            denial.clone()
        });
    }
    let allowed = everything || allows(policy, &named);
    // For a unix socket Bun reports only that it was refused, and names the URL's host.
    let refused = refused || (everything && thrown.is_refusal());
    // The requested name says more than the address it led to. The supervisor knows the addresses of other names
    // itself; this name is never sent to a resolver.
    if !allowed && is_localhost(&named) && known().any(|denial| is_loopback_at(&denial.resource, port(&named))) {
        return Some(Denial::new(Permission::Net, named, 0));
    }
    match known().next() {
        // An allowed access failed for another reason, whatever was refused before. A later refusal is where the access
        // was redirected: Bun's fetch names the original URL.
        _ if allowed && !refused => known().find(|denial| denial.last).cloned(),
        Some(denial) => Some(denial.clone()),
        // The system refused it, as with a port below 1024.
        None if allowed => None,
        // The socket was refused before it had an address, so only the error names its target.
        None => Some(Denial::new(Permission::Net, named, 0)),
    }
}

/// Whether a text from a tool may appear in a flag.
fn is_place(named: &str) -> bool {
    let host = named.strip_suffix(":0").unwrap_or(named);
    NetRule::parse(host).is_ok()
}

/// Whether a resource is a host's name and not an address.
pub(super) fn is_name(resource: &str) -> bool {
    NetRule::parse(resource).is_ok_and(|rule| matches!(rule.host, Host::Name(_)))
}

/// os.networkInterfaces(), which uses its own socket.
fn lists_interfaces(thrown: &Thrown<'_>) -> bool {
    let calls = ["uv_interface_addresses", "getifaddrs"];
    calls
        .iter()
        .any(|call| thrown.syscall == *call || thrown.message.contains(call))
}

fn failed(thrown: &Thrown<'_>) -> bool {
    let message = thrown.message.to_lowercase();
    CODES.contains(&thrown.code)
        || thrown.code.starts_with("DNS_")
        || matches!(thrown.syscall, "connect" | "getaddrinfo")
        || thrown.syscall.starts_with("query")
        || TEXTS.iter().any(|text| message.contains(text))
}

/// Whether the refusal is what the error names: both are equal, or one has no port.
fn is_of(refused: &str, named: &str) -> bool {
    if refused.strip_prefix("unix:").is_some_and(|path| path == named) {
        return true;
    }
    let begins = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with(':'));
    refused == named || begins(named, refused) || (!named.is_empty() && begins(refused, named))
}

/// Whether a name was refused before anything was known of the port: it is looked up alone.
pub(super) fn is_name_alone(denial: &Denial) -> bool {
    let is_name = |rule: &NetRule| rule.port.is_none() && matches!(rule.host, Host::Name(_));
    denial.permission == Permission::Net && NetRule::parse(&denial.resource).is_ok_and(|rule| is_name(&rule))
}

fn port(resource: &str) -> Option<u16> {
    NetRule::parse(resource).ok()?.port
}

fn is_localhost(resource: &str) -> bool {
    NetRule::parse(resource).is_ok_and(|rule| matches!(&rule.host, Host::Name(name) if name == "localhost"))
}

fn is_loopback_at(resource: &str, port: Option<u16>) -> bool {
    NetRule::parse(resource)
        .is_ok_and(|rule| rule.port == port && matches!(rule.host, Host::Ip(ip) if ip.is_loopback()))
}

/// Whether the list allows a host and port. A host alone is not judged.
fn allows(policy: &Policy, named: &str) -> bool {
    let NetPolicy::Only { allow, deny } = &policy.net else {
        return false;
    };
    let Ok(wanted) = NetRule::parse(named) else {
        return false;
    };
    let localhost = |host: &Host| match host {
        Host::Name(name) => name == "localhost",
        Host::Ip(ip) => ip.is_loopback(),
        Host::Unix(_) => false,
    };
    let fits = |rule: &NetRule| {
        let host = rule.host == wanted.host || (localhost(&rule.host) && localhost(&wanted.host));
        host && (rule.port.is_none() || rule.port == wanted.port)
    };
    wanted.port.is_some() && allow.iter().any(fits) && !deny.iter().any(fits)
}

/// The target as far as the error names it: `host:port`, or `host`.
fn resource(thrown: &Thrown<'_>) -> String {
    let url = url_target(thrown.path).or_else(|| url_target(thrown.message));
    let port = thrown.number("port");
    match (thrown.field("address").or_else(|| thrown.field("hostname")), port) {
        (Some(host), Some(port)) if host.contains(':') => format!("[{host}]:{port}"),
        (Some(host), Some(port)) => format!("{host}:{port}"),
        // The URL may be the one that redirected elsewhere.
        (Some(host), None) => url.filter(|url| is_of(host, url)).unwrap_or_else(|| host.to_owned()),
        (None, _) => url.or_else(|| listening_at(thrown)).unwrap_or_default(),
    }
}

/// Host and port of the first URL in a text.
fn url_target(text: &str) -> Option<String> {
    let (before, rest) = text.split_once("://")?;
    let secure = before.ends_with("https") || before.ends_with("wss");
    let authority = rest.split(['/', '?', '#', '\'', '"', ' ']).next()?;
    let authority = authority.rsplit('@').next()?;
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Some(match (has_port, secure) {
        (true, _) => authority.to_owned(),
        (false, true) => format!("{authority}:443"),
        (false, false) => format!("{authority}:80"),
    })
}

/// Bun's `permission denied localhost:8080`.
fn listening_at(thrown: &Thrown<'_>) -> Option<String> {
    let at = thrown.message.rsplit(' ').next()?;
    let (host, port) = at.rsplit_once(':')?;
    let is_place = thrown.syscall == "listen" && !host.is_empty() && port.parse::<u16>().is_ok();
    is_place.then(|| at.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::test_support;
    use super::*;

    fn found(flags: &[&str], value: &Value, seen: &[&str]) -> Option<String> {
        let seen: Vec<Denial> = seen
            .iter()
            .map(|&resource| Denial::new(Permission::Net, resource.to_owned(), 0))
            .collect();
        refusal(&test_support::policy(flags), &Thrown::of(value), &seen).map(|denial| denial.flag)
    }

    fn fetch(url: &str, code: &str) -> Value {
        json!({"message": "Unable to connect", "code": code, "path": url})
    }

    #[test]
    fn the_address_is_named_as_exactly_as_possible() {
        let cases = [
            (
                fetch("http://127.0.0.1:81/x", "EACCES"),
                &["127.0.0.1:81"][..],
                "--allow-net=127.0.0.1:81",
            ),
            (
                fetch("https://a.test/x", "ENOTFOUND"),
                &["a.test"],
                "--allow-net=a.test:443",
            ),
            (
                fetch("http://u:p@a.test?q", "ENOTFOUND"),
                &["a.test"],
                "--allow-net=a.test:80",
            ),
            (
                fetch("http://localhost:81/", "ECONNREFUSED"),
                &["[::1]:81", "127.0.0.1:81"],
                "--allow-net=localhost:81",
            ),
            (
                fetch("http://[::1]:81/", "EACCES"),
                &["[::1]:81"],
                "--allow-net=[::1]:81",
            ),
            (
                json!({"code": "EACCES", "syscall": "connect"}),
                &["10.0.0.1:81"],
                "--allow-net=10.0.0.1:81",
            ),
            (
                json!({"code": "ECONNREFUSED", "syscall": "queryA", "hostname": "a.test"}),
                &[""],
                "--allow-net=a.test",
            ),
            (
                json!({"code": "ENOTFOUND", "message": "WebSocket connection to 'ws://a.test:81/' failed: Failed to connect"}),
                &["a.test"],
                "--allow-net=a.test:81",
            ),
            (
                json!({"code": "EACCES", "syscall": "listen", "message": "permission denied localhost:81"}),
                &["127.0.0.1:81"],
                "--allow-net=localhost:81",
            ),
            (
                json!({"code": "EACCES", "syscall": "listen", "message": "permission denied 127.0.0.1:0"}),
                &["127.0.0.1:0"],
                "--allow-net=127.0.0.1",
            ),
            (
                json!({"code": "EACCES", "syscall": "bind", "address": "0.0.0.0"}),
                &[""],
                "--allow-net",
            ),
            (
                json!({"code": "EACCES", "syscall": "connect", "address": "::1", "port": 81}),
                &[""],
                "--allow-net=[::1]:81",
            ),
            (
                json!({"code": "ENOTFOUND", "hostname": "b.test", "path": "http://a.test/"}),
                &["b.test"],
                "--allow-net=b.test",
            ),
        ];
        for (value, seen, flag) in cases {
            assert_eq!(found(&[], &value, seen).as_deref(), Some(flag), "{value}");
        }
    }

    #[test]
    fn nothing_is_a_refusal_that_the_supervisor_did_not_make() {
        for value in [
            fetch("http://a.test/", "ECONNREFUSED"),
            fetch("http://a.test/", "EACCES"),
            json!({"code": "EACCES", "syscall": "connect", "address": "::1", "port": 81}),
            json!({"code": "EACCES", "syscall": "bind", "address": "0.0.0.0"}),
            json!({"message": "fetch failed"}),
        ] {
            assert_eq!(found(&[], &value, &[]), None, "{value}");
            assert!(found(&[], &value, &[""]).is_some(), "{value}");
        }
        assert_eq!(
            found(
                &[],
                &json!({"code": "ENOENT", "syscall": "open", "path": "/x"}),
                &["a.test"]
            ),
            None
        );
        assert_eq!(
            found(&["--allow-net"], &fetch("http://a.test/", "ECONNREFUSED"), &[]),
            None
        );
    }

    #[test]
    fn text_that_is_not_an_address_is_not_repeated() {
        for forged in ["*", "a b", "a.test\nhint: x", "/", "--allow-all", "\u{1b}[2J", ","] {
            let value = json!({"code": "EACCES", "syscall": "connect", "address": forged, "port": 81});
            assert_eq!(found(&[], &value, &[""]).unwrap(), "--allow-net", "{forged}");
            assert_eq!(found(&[], &value, &["10.0.0.1:9"]).unwrap(), "--allow-net=10.0.0.1:9");
        }
        // A name that was never resolved does not replace the refused address.
        let value = fetch("http://evil.test:9/", "EACCES");
        assert_eq!(
            found(&["--allow-net=a.test"], &value, &["10.0.0.1:9"]).unwrap(),
            "--allow-net=10.0.0.1:9"
        );
    }

    #[test]
    fn with_the_whole_network_only_the_supervisors_refusals_count() {
        let (flags, metadata) = (["--allow-net"], ["169.254.169.254:80"]);
        let denied = found(
            &flags,
            &fetch("http://169.254.169.254/", "ConnectionRefused"),
            &metadata,
        );
        assert_eq!(denied.as_deref(), Some("--allow-net=169.254.169.254:80"));
        assert_eq!(found(&flags, &fetch("http://a.test/", "ECONNREFUSED"), &metadata), None);
    }

    #[test]
    fn a_refused_unix_socket_is_named_by_its_flag() {
        let fetched = fetch("http://localhost/", "EACCES");
        let denied = found(&["--allow-net"], &fetched, &["unix:/run/x.sock"]);
        assert_eq!(denied.as_deref(), Some("--allow-net=unix:/run/x.sock"));
        for code in ["EACCES", "ECONNREFUSED"] {
            let thrown = json!({"code": code, "syscall": "connect", "address": "/run/x.sock"});
            for flags in [&[][..], &["--allow-net"], &["--allow-net=a.test"]] {
                let denied = found(flags, &thrown, &["unix:/run/x.sock", "10.0.0.1:80"]);
                assert_eq!(denied.as_deref(), Some("--allow-net=unix:/run/x.sock"), "{flags:?}");
            }
        }
    }

    #[test]
    fn the_last_refusal_is_the_redirect_target_of_an_allowed_address() {
        let mut denial = Denial::new(Permission::Net, "10.0.0.1:9".to_owned(), 0);
        let fetched = fetch("http://127.0.0.1:81/", "ConnectionRefused");
        let policy = test_support::policy(&["--allow-net=127.0.0.1:81"]);
        assert_eq!(
            refusal(&policy, &Thrown::of(&fetched), std::slice::from_ref(&denial)),
            None
        );
        denial.last = true;
        let found = refusal(&policy, &Thrown::of(&fetched), &[denial]);
        assert_eq!(found.map(|denial| denial.resource).as_deref(), Some("10.0.0.1:9"));
    }

    #[test]
    fn an_allowed_address_failed_for_another_reason() {
        let flags = ["--allow-net=127.0.0.1:81,a.test,localhost:82"];
        for url in [
            "http://127.0.0.1:81/",
            "http://a.test:7/",
            "http://localhost:82/",
            "http://127.0.0.1:82/",
        ] {
            assert_eq!(
                found(&flags, &fetch(url, "ECONNREFUSED"), &["10.0.0.1:9"]),
                None,
                "{url}"
            );
        }
        let elsewhere = found(&flags, &fetch("http://127.0.0.1:83/", "EACCES"), &["127.0.0.1:83"]);
        assert_eq!(elsewhere.as_deref(), Some("--allow-net=127.0.0.1:83"));
        let privileged = json!({"code": "EACCES", "syscall": "listen", "message": "permission denied 127.0.0.1:81"});
        assert_eq!(found(&flags, &privileged, &[]), None);
        assert_eq!(found(&flags, &fetch("http://b.test/", "ECONNREFUSED"), &[]), None);
    }
}
