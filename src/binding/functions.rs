//! Functions that need no manager.

use std::path::Path;

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::config::{self, Preset};
use crate::error::{Error, Problem};
use crate::sandbox::survey;
use crate::spawn::{FindRuntime, find_runtime};
use crate::validate::{self, CallTimeout};

/// A preset's resolved configuration, as JSON text; null for an unknown name.
#[napi]
pub fn preset(name: String) -> Option<String> {
    Preset::from_name(&name).map(|preset| config::preset(preset).to_json())
}

/// `{ok: config}` or `{error: ErrorData}`, as JSON text.
#[napi]
pub fn config_from_env(pairs: String) -> String {
    let read = serde_json::from_str::<Vec<(String, String)>>(&pairs).map_err(|_| {
        let message = "expected the environment to be text that is valid Unicode";
        Box::new(Error::config_invalid(vec![Problem::new("env", message)]))
    });
    match read.and_then(|pairs| config::from_env(&pairs)) {
        Ok(json) => format!("{{\"ok\":{json}}}"),
        Err(error) => format!("{{\"error\":{}}}", error.to_json()),
    }
}

/// Which settings of a file allow more than the defaults, as JSON text of `[{field, given, instead}]`.
#[napi]
pub fn widenings(settings: String) -> String {
    let found: Vec<_> = config::widenings(&settings)
        .into_iter()
        .map(|found| serde_json::json!({ "field": found.field, "given": found.given, "instead": found.instead }))
        .collect();
    serde_json::Value::from(found).to_string()
}

/// Why a text is not a timeout, as ErrorData; null for one that is.
#[napi]
pub fn check_timeout(given: String) -> Option<String> {
    CallTimeout::from_json(&given).err().map(|error| error.to_json())
}

/// The known name that was probably meant; null when none is close.
#[napi]
pub fn nearest(name: String, known: Vec<String>) -> Option<String> {
    config::nearest(&name, known.iter().map(String::as_str)).map(str::to_owned)
}

/// Where and why a text is no JSON, as JSON text of `{line, column, problem}`; null for JSON.
#[napi]
pub fn json_problem(text: String) -> Option<String> {
    let found = validate::json_problem(&text)?;
    Some(serde_json::json!({ "line": found.line, "column": found.column, "problem": found.problem }).to_string())
}

/// Milliseconds that closing may wait for calls; text is ErrorData.
#[napi]
pub fn close_timeout(given: String) -> Either<f64, String> {
    match validate::close_timeout(&given) {
        Ok(duration) => Either::A(duration.as_secs_f64() * 1000.0),
        Err(error) => Either::B(error.to_json()),
    }
}

/// What this machine's kernel offers the sandbox, as JSON text.
#[napi]
pub fn survey_kernel() -> String {
    let found = survey();
    let problem = found
        .problem
        .map(|(message, hint)| serde_json::json!({ "message": message, "hint": hint }));
    serde_json::json!({
        "landlockAbi": found.landlock_abi,
        "modules": found.modules,
        "seccomp": found.seccomp,
        "listener": found.listener,
        "problem": problem,
    })
    .to_string()
}

/// Whether a Bun executable would be found.
#[napi]
pub fn is_bun_available(working_dir: String, host_dirs: Vec<String>, path: Option<String>) -> bool {
    find_runtime(&FindRuntime {
        kind: config::RuntimeType::Bun,
        runtime_path: None,
        working_dir: Path::new(&working_dir),
        host_dirs: &host_dirs.into_iter().map(Into::into).collect::<Vec<_>>(),
        path_var: path.as_deref().unwrap_or_default(),
        host_executable: None,
    })
    .is_ok()
}
