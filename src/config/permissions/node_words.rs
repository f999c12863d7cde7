//! Translates flags to Node's.

/// A flag of Bun's in the words of Node, which has no list of programs; `None` where Node has no such flag.
pub fn in_nodes_words(flag: &str) -> Option<String> {
    let (name, value) = match flag.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (flag, None),
    };
    match name {
        "--allow-read" => Some(format!("--allow-fs-read={}", value.unwrap_or("*"))),
        "--allow-write" => Some(format!("--allow-fs-write={}", value.unwrap_or("*"))),
        "--allow-run" => Some("--allow-child-process".to_owned()),
        "--allow-env" => None,
        _ => Some(flag.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_nodes_word() {
        for (flag, word) in [
            ("--allow-read=/a,,b", Some("--allow-fs-read=/a,,b")),
            ("--allow-read", Some("--allow-fs-read=*")),
            ("--allow-write=.", Some("--allow-fs-write=.")),
            ("--allow-write", Some("--allow-fs-write=*")),
            ("--allow-run=git", Some("--allow-child-process")),
            ("--allow-run", Some("--allow-child-process")),
            ("--allow-net=a.test:1", Some("--allow-net=a.test:1")),
            ("--allow-net", Some("--allow-net")),
            ("--allow-env=KEY", None),
            ("", Some("")),
        ] {
            assert_eq!(in_nodes_words(flag).as_deref(), word);
        }
    }
}
