//! The variables of one call. Their values are secrets: none ever appears in an error or in the output of `{:?}`.

use std::fmt;

use serde_json::value::RawValue;

use crate::config::{UserValue, name_problem, value_problem};
use crate::error::{Code, Error, Result, hints};

/// Checked names and values, in the order given.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CallEnv(Vec<(String, String)>);

impl CallEnv {
    /// Parses a JSON array of `[name, value]` pairs; a value that was not a string is encoded as a [`UserValue`].
    pub fn from_json(json: &str) -> Result<Self> {
        // Values are parsed one by one, so that an error about invalid Unicode names its variable.
        let pairs: Vec<(String, Box<RawValue>)> = serde_json::from_str(json).map_err(|_| {
            Error::validation(
                Code::EnvInvalid,
                "env",
                "expected `env` to be an object with names of variables and their values, all of them text",
            )
        })?;
        let pairs = pairs.into_iter().map(|(name, value)| {
            check_name(&name)?;
            let value = check_value(&name, value.get())?;
            Ok((name, value))
        });
        pairs.collect::<Result<_>>().map(Self)
    }

    /// These variables, and those of `others` whose names are not among them.
    pub fn over(mut self, others: &[(String, String)]) -> Self {
        for (name, value) in others {
            if !self.0.iter().any(|(own, _)| own == name) {
                self.0.push((name.clone(), value.clone()));
            }
        }
        self
    }

    /// Names with their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the call brings no variables.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Prints names only.
impl fmt::Debug for CallEnv {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

fn refused(name: &str, rule: &str, hint: &str) -> Error {
    let message = format!("invalid environment variable `{}`: {rule}", name.escape_debug());
    Error::validation(Code::EnvInvalid, format!("env.{name}"), message).hint(hint)
}

fn check_name(name: &str) -> Result<()> {
    match name_problem(name) {
        None => Ok(()),
        Some((rule, hint)) => Err(Box::new(refused(name, &rule, hint))),
    }
}

fn check_value(name: &str, json: &str) -> Result<String> {
    let with_hint = |rule: &str, hint| Box::new(refused(name, rule, hint));
    let value =
        UserValue::from_json(json).map_err(|_| with_hint("its value is not valid Unicode text", hints::ENV_VALUE))?;
    match (value_problem(&value), value) {
        (None, UserValue::Text(value)) => Ok(value),
        (Some((rule, hint)), _) => Err(with_hint(&rule, hint)),
        (None, _) => Err(with_hint("its value must be a string", hints::ENV_VALUE)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(name: &str, value: &str) -> Result<CallEnv> {
        CallEnv::from_json(&serde_json::json!([[name, value]]).to_string())
    }

    #[test]
    fn variables_that_pass() {
        let json = r#"[["A","1"],["_X9",""],["NODE_ENV","test"],["TAB","a\tb"],["UTF8","ü😀"],["PATH","/x"]]"#;
        let env = CallEnv::from_json(json).expect("valid");
        let pairs: Vec<_> = env.iter().collect();
        assert_eq!(
            pairs,
            [
                ("A", "1"),
                ("_X9", ""),
                ("NODE_ENV", "test"),
                ("TAB", "a\tb"),
                ("UTF8", "ü😀"),
                ("PATH", "/x")
            ]
        );
        assert!(CallEnv::from_json("[]").expect("valid").is_empty());
    }

    #[test]
    fn names_that_are_refused() {
        let cases = [
            ("", "must not be empty"),
            ("lowercase_var", "lower-case"),
            ("Mixed", "lower-case"),
            ("1A", "begin with a digit"),
            ("A-B", "only the letters"),
            ("A B", "only the letters"),
            ("A=B", "only the letters"),
            ("A\0", "only the letters"),
            ("\u{212a}", "only the letters"),
            ("Ü", "only the letters"),
            ("LD_PRELOAD", "dynamic loader"),
            ("LD_LIBRARY_PATH", "dynamic loader"),
            ("DYLD_INSERT_LIBRARIES", "dynamic loader"),
            ("DYLD_LIBRARY_PATH", "dynamic loader"),
            ("NODE_OPTIONS", "Node obeys it"),
            ("BUN_CONFIG_PROFILE", "Bun obeys it"),
            ("GCONV_PATH", "loads code"),
            ("BASH_ENV", "runs the file"),
            ("ENV", "runs the file"),
            ("XDG_CONFIG_HOME", "configuration"),
            ("TOOLWARDEN", "sets it itself"),
            ("TOOLWARDEN_TOOL_EXEC_ID", "sets it itself"),
        ];
        for (name, rule) in cases {
            let error = one(name, "the-secret").expect_err(name);
            assert_eq!(error.code, Code::EnvInvalid, "{name}");
            assert_eq!(error.context.field, Some(format!("env.{name}")));
            assert!(error.message.contains(rule), "{name:?}: {error}");
            assert!(!error.to_json().contains("the-secret"), "{error}");
        }
    }

    #[test]
    fn values_that_are_refused_appear_nowhere() {
        let cases = [
            (r#""sec\rret""#, "carriage return"),
            (r#""sec\nret""#, "line feed"),
            (r#""sec\u0000ret""#, "NUL"),
            (r#""secret\ud800""#, "Unicode"),
            (r#"{"$js":"undefined","text":"secret"}"#, "must be a string"),
            (r#"{"secret":1}"#, "must be a string"),
            ("12345", "must be a string"),
            ("null", "must be a string"),
        ];
        for (value, rule) in cases {
            let error = CallEnv::from_json(&format!(r#"[["OK","secret"],["TOKEN",{value}]]"#)).expect_err(value);
            let json = error.to_json();
            assert!(error.message.contains(rule), "{value}: {error}");
            assert_eq!(error.context.field.as_deref(), Some("env.TOKEN"));
            let printed = format!("{json}{error:?}");
            assert!(!printed.contains("sec") && !printed.contains("12345"), "{printed}");
        }
    }

    #[test]
    fn a_number_is_hinted_to_become_text() {
        for value in ["7", "true"] {
            let error = CallEnv::from_json(&format!(r#"[["PORT",{value}]]"#)).expect_err(value);
            assert!(
                error.hint.as_deref().is_some_and(|hint| hint.contains("String(value)")),
                "{error}"
            );
        }
    }

    #[test]
    fn values_that_are_not_pairs_are_refused_without_being_repeated() {
        for json in [
            "",
            "null",
            "{}",
            r#"["secret"]"#,
            r#"[["A"]]"#,
            r#"[["A","secret","x"]]"#,
            r#"[["\ud800","secret"]]"#,
            r#"[["A",secret]]"#,
        ] {
            let error = CallEnv::from_json(json).expect_err(json);
            assert_eq!(
                (error.code, error.context.field.as_deref()),
                (Code::EnvInvalid, Some("env"))
            );
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn printing_shows_no_value() {
        assert_eq!(format!("{:?}", one("TOKEN", "secret").expect("valid")), r#"{"TOKEN"}"#);
    }

    proptest! {
        #[test]
        fn no_value_is_in_any_error(name in "[A-Za-z_=-]{0,6}", value in "v4lue[\r\n\u{0}a-z]{0,4}") {
            match one(&name, &value) {
                Ok(env) => prop_assert_eq!(env.iter().collect::<Vec<_>>(), [(name.as_str(), value.as_str())]),
                Err(error) => {
                    let printed = format!("{error:?}{}", error.to_json());
                    prop_assert!(!printed.contains("v4lue"), "{}", printed);
                }
            }
        }

        #[test]
        fn any_text_passes_or_is_refused(json in any::<String>()) {
            let _ = CallEnv::from_json(&json);
        }
    }
}
