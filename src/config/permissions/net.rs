//! Which hosts a tool may reach: `host`, `host:port`, `1.2.3.4:80`, `[::1]:80`, `unix:/run/x.sock`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// How much of the network is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NetScope {
    /// Nothing.
    #[default]
    None,
    /// Everything.
    All,
    /// What is listed; never an empty list.
    Only(Vec<NetRule>),
}

/// One entry of a list: a host, and a port unless all are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NetRule {
    /// The host.
    pub host: Host,
    /// The port; `None` means any.
    pub port: Option<u16>,
}

/// A host as a rule names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in lower case and without a trailing dot.
    Name(String),
    /// An address; an IPv4-mapped IPv6 address becomes the IPv4 address.
    Ip(IpAddr),
    /// A unix socket's path, as it was written or absolute. It has no port.
    Unix(String),
}

impl NetRule {
    /// Reads one entry. An error is a reason that follows the entry in a message.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self {
                host: Host::Unix(unix(path)?),
                port: None,
            });
        }
        if text.starts_with("vsock:") {
            return Err("vsock addresses cannot be allowed".into());
        }
        if text.contains("://") {
            return Err("it is a URL; give the host alone, such as `example.com:443`".into());
        }
        if text.contains('/') {
            return Err("address ranges and paths cannot be enforced; list each host".into());
        }
        if text.contains('*') {
            return Err("wildcards cannot be enforced: the kernel sees addresses, not names; list each host".into());
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (address, after) = rest
                .split_once(']')
                .ok_or("the `]` behind the IPv6 address is missing")?;
            let address: Ipv6Addr = address
                .parse()
                .map_err(|_| "what is in the brackets is not an IPv6 address")?;
            let port = match after.strip_prefix(':') {
                Some(port) => Some(self::port(port)?),
                None if after.is_empty() => None,
                None => return Err("only `:port` may follow the `]`".into()),
            };
            return Ok(Self {
                host: Host::Ip(address.to_canonical()),
                port,
            });
        }
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(format!("an IPv6 address is written in brackets: `[{text}]`"));
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(self::port(port)?)),
            None => (text, None),
        };
        Ok(Self {
            host: self::host(host)?,
            port,
        })
    }
}

/// The longest path that fits a unix socket's address.
const LONGEST_PATH: usize = 107;

fn unix(path: &str) -> Result<String, String> {
    match path {
        "" => Err("the path behind `unix:` is missing".into()),
        path if path.starts_with('@') => Err(
            "abstract unix sockets cannot be allowed: they have no file that says who may use them; a path that begins with `@` is written `./@`".into(),
        ),
        path if path.ends_with('/') => Err("it names a directory; a unix socket is allowed by its own path".into()),
        path if path.len() > LONGEST_PATH => Err(format!(
            "a unix socket's path has at most {LONGEST_PATH} bytes, this one has {}",
            path.len()
        )),
        path => Ok(path.to_owned()),
    }
}

fn port(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(format!(
            "the port must be a number from 1 to 65535, not `{}`",
            text.escape_debug()
        )),
    }
}

fn host(text: &str) -> Result<Host, String> {
    if text.is_empty() {
        return Err("the host is missing".into());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Host::Ip(address));
    }
    if !text.is_ascii() {
        return Err("a name with other than ASCII letters is written in its `xn--` form".into());
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err("it is neither a host name nor an IP address".into());
    }
    // To every resolver a text that ends in a number is an address in an old spelling: 127.1, 0x7f.1.
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last
        .strip_prefix("0x")
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if hex || last.bytes().all(|b| b.is_ascii_digit()) {
        return Err("it is not an IPv4 address: that has four numbers from 0 to 255".into());
    }
    Ok(Host::Name(name))
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => formatter.write_str(name),
            Host::Ip(IpAddr::V4(address)) => write!(formatter, "{address}"),
            Host::Ip(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
            Host::Unix(path) => write!(formatter, "unix:{path}"),
        }
    }
}

/// The grammar that `parse` reads.
impl fmt::Display for NetRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(formatter, "{}:{port}", self.host),
            None => write!(formatter, "{}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entries_that_are() {
        let cases = [
            ("example.com", "example.com"),
            ("Example.COM.:443", "example.com:443"),
            ("localhost:8080", "localhost:8080"),
            ("my_host", "my_host"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("10.0.0.1:65535", "10.0.0.1:65535"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]:80"),
            ("[2001:DB8::0]:1", "[2001:db8::]:1"),
            ("[::ffff:1.2.3.4]:80", "1.2.3.4:80"),
            ("1.example", "1.example"),
            ("unix:/run/x.sock", "unix:/run/x.sock"),
            ("unix:x", "unix:x"),
            ("unix:./@x:1", "unix:./@x:1"),
        ];
        for (text, normal) in cases {
            assert_eq!(NetRule::parse(text).expect(text).to_string(), normal, "{text}");
        }
    }

    #[test]
    fn entries_that_are_not() {
        let cases = [
            ("", "host is missing"),
            (":80", "host is missing"),
            ("example.com:", "from 1 to 65535, not ``"),
            ("example.com:0", "from 1 to 65535"),
            ("example.com:65536", "from 1 to 65535"),
            ("example.com:+80", "from 1 to 65535"),
            ("example.com:80-90", "from 1 to 65535"),
            ("example.com:http", "from 1 to 65535"),
            ("[::1]:0", "from 1 to 65535"),
            ("*", "wildcards"),
            ("*.example.com", "wildcards"),
            ("10.0.0.0/8", "address ranges"),
            ("[fe80::]/10", "address ranges"),
            ("https://example.com", "it is a URL"),
            ("example.com/path", "address ranges and paths"),
            ("unix:", "path behind `unix:` is missing"),
            ("unix:@x", "abstract"),
            ("unix:/run/", "names a directory"),
            ("UNIX:/run/x", "address ranges and paths"),
            ("vsock:1:2", "vsock"),
            ("::1", "in brackets: `[::1]`"),
            ("[::1", "`]`"),
            ("[::1]80", "only `:port`"),
            ("[127.0.0.1]", "not an IPv6"),
            ("[fe80::1%eth0]", "not an IPv6"),
            ("256.0.0.1", "not an IPv4"),
            ("127.1", "not an IPv4"),
            ("2130706433", "not an IPv4"),
            ("0x7f000001", "not an IPv4"),
            ("01.2.3.4", "not an IPv4"),
            ("-a.example", "neither"),
            ("a..b", "neither"),
            ("a b", "neither"),
            ("a@b", "neither"),
            ("bücher.example", "xn--"),
        ];
        for (text, reason) in cases {
            let refusal = NetRule::parse(text).expect_err(text);
            assert!(refusal.contains(reason), "{text}: {refusal}");
        }
        assert!(NetRule::parse(&"a".repeat(64)).is_err());
        assert!(NetRule::parse(&"a.".repeat(150)).is_err());
        assert!(NetRule::parse(&format!("unix:/{}", "a".repeat(107))).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "(\\[[0-9a-f:.]{0,12}\\]|[a-zA-Z0-9._-]{0,12})(:[0-9]{0,6})?") {
            if let Ok(rule) = NetRule::parse(&text) {
                prop_assert_eq!(NetRule::parse(&rule.to_string()), Ok(rule));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = NetRule::parse(&text);
        }

        #[test]
        fn any_address_and_port_read_back(address in any::<u128>(), port in 1_u16..) {
            let address = Ipv6Addr::from(address);
            let rule = NetRule::parse(&format!("[{address}]:{port}"));
            prop_assert_eq!(rule, Ok(NetRule { host: Host::Ip(address.to_canonical()), port: Some(port) }));
        }
    }
}
