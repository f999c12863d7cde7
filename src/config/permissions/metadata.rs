//! Addresses at which clouds give a machine's credentials to whoever asks from that machine.
//!
//! A name or a flag for the whole network does not include them: such an address can be reached only when it is listed
//! itself. docs/permissions.md names the sources.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses outside of the link-local block.
const V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba Cloud
    Ipv4Addr::new(168, 63, 129, 16),   // Azure's wire server
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle Cloud, classic
];

const V6: [Ipv6Addr; 7] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),      // Amazon EC2
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),       // Amazon EKS, identities of pods
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),       // Google Cloud
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // Oracle Cloud
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),        // Scaleway
    Ipv6Addr::new(0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1),    // Akamai (Linode)
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),    // OpenStack
];

/// Whether a cloud's metadata service may be at this address, also where the address is embedded in an IPv6 address
/// that a gateway translates.
pub fn is_metadata(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        // All link-local addresses: clouds have used 169.254.169.254, .170.2, .170.23, .0.23 and .42.42 for such
        // services.
        IpAddr::V4(ip) => ip.is_link_local() || V4.contains(&ip),
        IpAddr::V6(ip) => V6.contains(&ip) || translated(ip).is_some_and(|ip| is_metadata(ip.into())),
    }
}

/// The IPv4 address embedded by NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056) or the IPv4-compatible form.
fn translated(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = ip.segments();
    let pair = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => Some(pair(high, low)),
        [0x2002, high, low, ..] => Some(pair(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(pair(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_clouds_address_is_known_in_each_of_its_forms() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.0.23",
            "169.254.42.42",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:42::42",
            "fd00:a9fe:a9fe::1",
            "fe80::a9fe:a9fe",
            "::ffff:169.254.169.254",
            "::ffff:6464:64c8",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:2:3:4:a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(is_metadata(address.parse().expect(address)), "{address}");
        }
    }

    #[test]
    fn other_addresses_are_not() {
        for address in [
            "127.0.0.1",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.100.100.201",
            "168.63.129.17",
            "192.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "8.8.8.8",
            "::",
            "::1",
            "fe80::1",
            "fd00:ec2::1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2606:4700::1111",
        ] {
            assert!(!is_metadata(address.parse().expect(address)), "{address}");
        }
    }

    proptest! {
        #[test]
        fn all_forms_of_an_address_are_one(ip in any::<u32>()) {
            let plain = Ipv4Addr::from(ip);
            let [a, b, c, d] = plain.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let known = is_metadata(plain.into());
            prop_assert_eq!(is_metadata(plain.to_ipv6_mapped().into()), known);
            prop_assert_eq!(is_metadata(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into()), known);
            prop_assert_eq!(is_metadata(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into()), known);
        }
    }
}
