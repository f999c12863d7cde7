//! DNS messages: one question in, one answer out. The bytes come from a worker and are untrusted.

use std::net::IpAddr;

pub(super) const TYPE_A: u16 = 1;
pub(super) const TYPE_PTR: u16 = 12;
pub(super) const TYPE_AAAA: u16 = 28;
const CLASS_IN: u16 = 1;
const HEADER: usize = 12;
/// Further answers are left out; a message over TCP has at most 64 KiB.
const MAX_ANSWERS: usize = 256;
/// In seconds; the worker asks again instead of relying on an old answer.
const TTL: u32 = 5;

/// The one question of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    id: u16,
    recursion: bool,
    /// In lower case, without a trailing dot.
    pub(super) name: String,
    pub(super) kind: u16,
    /// The question's own bytes, which the answer repeats in their original case.
    raw: Vec<u8>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Addresses(Vec<IpAddr>),
    /// Also used for a name that is not allowed, so that callers give up at once.
    NoSuchName,
    ServerFailure,
}

/// Parses a query with exactly one question of the internet class.
pub(super) fn question(message: &[u8]) -> Option<Question> {
    let word = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let flags = word(2)?;
    let (response, opcode) = (flags & 0x8000 != 0, flags & 0x7800);
    if response || opcode != 0 || word(4)? != 1 {
        return None;
    }
    let mut name = String::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        // A question has no earlier name that a compressed name could point to.
        if length > 63 || name.len() + length > 254 {
            return None;
        }
        let label = message.get(at..at + length)?;
        if !label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
        at += length;
    }
    let kind = word(at)?;
    if word(at + 2)? != CLASS_IN {
        return None;
    }
    let raw = message.get(HEADER..at + 4)?.to_vec();
    Some(Question {
        id: word(0)?,
        recursion: flags & 0x0100 != 0,
        name,
        kind,
        raw,
    })
}

/// The answer to a question, without TCP's length prefix.
pub(super) fn answer(question: &Question, reply: &Reply) -> Vec<u8> {
    let none = Vec::new();
    let (code, addresses) = match reply {
        Reply::Addresses(addresses) => (0u16, addresses),
        Reply::NoSuchName => (3, &none),
        Reply::ServerFailure => (2, &none),
    };
    let fitting: Vec<&IpAddr> = addresses
        .iter()
        .filter(|ip| match question.kind {
            TYPE_A => ip.is_ipv4(),
            TYPE_AAAA => ip.is_ipv6(),
            _ => false,
        })
        .take(MAX_ANSWERS)
        .collect();
    let mut message = Vec::with_capacity(HEADER + question.raw.len() + fitting.len() * 28);
    message.extend(question.id.to_be_bytes());
    let recursion = if question.recursion { 0x0100 } else { 0 };
    message.extend((0x8080 | recursion | code).to_be_bytes()); // a response; recursion is available
    message.extend(1u16.to_be_bytes());
    message.extend((fitting.len() as u16).to_be_bytes());
    message.extend([0; 4]);
    message.extend(&question.raw);
    for ip in fitting {
        message.extend([0xc0, HEADER as u8]); // the name of the question
        message.extend(question.kind.to_be_bytes());
        message.extend(CLASS_IN.to_be_bytes());
        message.extend(TTL.to_be_bytes());
        match ip {
            IpAddr::V4(ip) => {
                message.extend(4u16.to_be_bytes());
                message.extend(ip.octets());
            }
            IpAddr::V6(ip) => {
                message.extend(16u16.to_be_bytes());
                message.extend(ip.octets());
            }
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(label.len() as u8);
            message.extend(label.as_bytes());
        }
        message.push(0);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        message
    }

    #[test]
    fn a_question_is_read_and_answered_in_its_own_case() {
        let raw = query("Api.Example.COM", TYPE_A);
        let asked = question(&raw).expect("a question");
        assert_eq!((asked.name.as_str(), asked.kind), ("api.example.com", TYPE_A));
        let ips = vec!["10.0.0.1".parse().expect("ip"), "::1".parse().expect("ip")];
        let reply = answer(&asked, &Reply::Addresses(ips));
        assert_eq!(reply[..12], [0xab, 0xcd, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(reply[12..raw.len()], raw[12..]);
        assert_eq!(reply[reply.len() - 6..], [0, 4, 10, 0, 0, 1]);
    }

    #[test]
    fn a_refused_lookup_is_answered_with_nxdomain() {
        let asked = question(&query("evil.test", TYPE_AAAA)).expect("a question");
        assert_eq!(answer(&asked, &Reply::NoSuchName)[3] & 0xf, 3);
        assert_eq!(answer(&asked, &Reply::ServerFailure)[3] & 0xf, 2);
    }

    #[test]
    fn a_message_without_exactly_one_question_is_rejected() {
        let mut two = query("a.test", TYPE_A);
        two[5] = 2;
        let mut response = query("a.test", TYPE_A);
        response[2] |= 0x80;
        let mut pointer = query("a.test", TYPE_A);
        pointer[12] = 0xc0;
        let mut nul = query("a.test", TYPE_A);
        nul[13] = 0;
        for bad in [&two[..], &response, &pointer, &nul, &query("a.test", TYPE_A)[..16], &[]] {
            assert_eq!(question(bad), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(asked) = question(&raw) {
                prop_assert!(asked.name.len() < 256);
                let _ = answer(&asked, &Reply::NoSuchName);
            }
        }

        #[test]
        fn a_damaged_query_is_read_without_harm(at in 0usize..40, byte in any::<u8>()) {
            let mut raw = query("some.example.com", TYPE_A);
            let at = at % raw.len();
            raw[at] = byte;
            let _ = question(&raw);
        }
    }
}
