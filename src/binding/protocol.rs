//! What this side and the JavaScript of `js/` must agree on: the constants of `js/native-protocol.js`, which build.rs makes from
//! that file.

include!(concat!(env!("OUT_DIR"), "/native_protocol.rs"));
