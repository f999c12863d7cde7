//! What a host and its processes must agree on: the constants of `template/protocol.mjs`, which build.rs makes from that file.

include!(concat!(env!("OUT_DIR"), "/worker_protocol.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    /// Those pieces stand alone, so that they cannot import the protocol.
    #[test]
    fn the_bundler_uses_the_numbers_and_names_of_the_protocol() {
        let answer = include_str!("template/bundle/answer.mjs");
        assert!(answer.contains(&format!("\nconst CHANNEL = {CHANNEL_FD}\n")));
        let modules = include_str!("template/bundle/modules.mjs");
        assert!(modules.contains(&format!("process.env.{MODULE_CACHE_VARIABLE}}}")));
    }

    #[test]
    fn the_configuration_leaves_out_the_variables_that_a_tool_finds() {
        assert_eq!(
            crate::config::OWN_VARIABLES[..2],
            [PROJECT_ROOT_VARIABLE, EXEC_ID_VARIABLE]
        );
    }
}
