//! The bundler's answer: a line of JSON, then the files that it announces. The bundler read files of the project, so
//! its answer is trusted no more than a tool is.

use std::path::PathBuf;

use serde::Deserialize;

/// Larger than any bundle that would load faster than its source.
const LARGEST: usize = 256 * 1024 * 1024;

/// The three files of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFiles {
    /// The bundle as JavaScript.
    pub code: Vec<u8>,
    /// Its source map.
    pub map: Vec<u8>,
    /// Its bytecode.
    pub bytecode: Vec<u8>,
}

/// An answer of the bundler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleReply {
    /// The entrypoint was bundled.
    Bundled {
        /// Every file in the bundle.
        inputs: Vec<PathBuf>,
        /// The bundle's files.
        files: BundleFiles,
    },
    /// The code of worker files was compiled.
    Compiled {
        /// The compiled files; there is no map.
        files: BundleFiles,
        /// The entrypoint imports nothing except what the runtime provides.
        alone: bool,
    },
    /// The bundle would differ in a way that a tool could see.
    Objection {
        /// Every file that was examined.
        inputs: Vec<PathBuf>,
        /// The difference.
        reason: String,
    },
    /// Bundling failed.
    Failure {
        /// The reason.
        reason: String,
    },
}

/// The answer is malformed.
#[derive(Debug, thiserror::Error)]
#[error("the bundler's answer cannot be read: {0}")]
pub struct BadReply(&'static str);

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    inputs: Vec<PathBuf>,
    objection: Option<String>,
    failure: Option<String>,
    alone: Option<bool>,
    sizes: Vec<usize>,
}

impl BundleReply {
    /// The longest answer that is read.
    pub const LARGEST: usize = LARGEST;

    /// Parses everything that the bundler wrote.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadReply> {
        let line = bytes
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or(BadReply("no header"))?;
        let header: Header = serde_json::from_slice(&bytes[..line]).map_err(|_| BadReply("no JSON"))?;
        if let Some(reason) = header.failure {
            return Ok(Self::Failure { reason });
        }
        let inputs = header.inputs;
        if inputs.iter().any(|input| !input.is_absolute()) {
            return Err(BadReply("a path that is not absolute"));
        }
        if let Some(reason) = header.objection {
            return Ok(Self::Objection { inputs, reason });
        }
        let mut rest = &bytes[line + 1..];
        let mut take = |size: usize| {
            let (file, after) = rest.split_at_checked(size)?;
            rest = after;
            Some(file.to_vec())
        };
        let [code, map, bytecode] = header.sizes[..] else {
            return Err(BadReply("not three files"));
        };
        let files = take(code).zip(take(map)).zip(take(bytecode));
        let Some(((code, map), bytecode)) = files else {
            return Err(BadReply("cut short"));
        };
        let files = BundleFiles { code, map, bytecode };
        if !rest.is_empty() || (inputs.is_empty() && header.alone.is_none()) {
            return Err(BadReply("more or less than was announced"));
        }
        Ok(match header.alone {
            Some(alone) => Self::Compiled { files, alone },
            None => Self::Bundled { inputs, files },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_follow_the_line_that_announces_them() {
        let reply = BundleReply::parse(b"{\"inputs\":[\"/a.ts\"],\"sizes\":[2,1,3]}\nccmbbb").expect("a reply");
        let files = BundleFiles {
            code: b"cc".to_vec(),
            map: b"m".to_vec(),
            bytecode: b"bbb".to_vec(),
        };
        let inputs = vec!["/a.ts".into()];
        assert_eq!(reply, BundleReply::Bundled { inputs, files });
    }

    #[test]
    fn compiled_code_needs_no_inputs() {
        let reply = BundleReply::parse(b"{\"alone\":true,\"sizes\":[1,0,1]}\ncb").expect("a reply");
        assert!(matches!(reply, BundleReply::Compiled { files, alone: true } if files.map.is_empty()));
    }

    #[test]
    fn reasons_are_passed_on() {
        let objection =
            BundleReply::parse(b"{\"inputs\":[\"/a.ts\"],\"objection\":\"why\",\"sizes\":[]}\n").expect("one");
        assert!(matches!(objection, BundleReply::Objection { reason, .. } if reason == "why"));
        let failure = BundleReply::parse(b"{\"failure\":\"why\",\"sizes\":[]}\n").expect("one");
        assert!(matches!(failure, BundleReply::Failure { reason } if reason == "why"));
    }

    #[test]
    fn a_truncated_or_too_long_reply_is_rejected() {
        for bytes in [
            &b""[..],
            b"{}\n",
            b"{\"inputs\":[\"/a\"],\"sizes\":[1,1,1]}\nab",
            b"{\"inputs\":[\"/a\"],\"sizes\":[1,1,1]}\nabcd",
            b"{\"inputs\":[\"/a\"],\"sizes\":[1,1]}\nab",
            b"{\"inputs\":[],\"sizes\":[1,1,1]}\nabc",
            b"{\"inputs\":[\"a\"],\"sizes\":[1,1,1]}\nabc",
            b"{\"inputs\":[\"/a\"],\"sizes\":[18446744073709551615,1,1]}\nabc",
        ] {
            assert!(BundleReply::parse(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = BundleReply::parse(&bytes);
        }
    }
}
