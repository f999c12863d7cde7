//! The defaults of every setting, in one place, and the presets that differ from them.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use super::permissions::{NetScope, Permissions, Scope};
use super::settings::{BackoffLimits, Config, Count, Isolation, ProcessStart, RuntimeType, SandboxMode, Telemetry};

/// A named set of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Used for settings that are not given.
    Default,
    /// For fast tests.
    Test,
    /// For writing tools: long timeout, much allowed.
    Development,
    /// For serving: short timeout, reading only.
    Production,
    /// For stepping through: very long timeout, much allowed.
    Debug,
}

impl Preset {
    /// The preset of a name, such as "default".
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Preset::Default),
            "test" => Some(Preset::Test),
            "development" => Some(Preset::Development),
            "production" => Some(Preset::Production),
            "debug" => Some(Preset::Debug),
            _ => None,
        }
    }
}

/// Every setting of a preset.
pub fn preset(name: Preset) -> Config {
    let mut config = defaults();
    match name {
        Preset::Default => {}
        Preset::Test => {
            config.backoff = BackoffLimits {
                initial: Duration::from_millis(10),
                max: Duration::from_millis(100),
                max_elapsed: Duration::from_secs(1),
            };
            config.tool_execution_timeout = Duration::from_secs(5);
            config.max_memory_mb = 512;
        }
        Preset::Development => {
            config.tool_execution_timeout = Duration::from_secs(120);
            allow_read_write_net(&mut config);
        }
        Preset::Production => {
            config.tool_execution_timeout = Duration::from_secs(30);
            config.backoff.max_elapsed = Duration::from_secs(15);
        }
        Preset::Debug => {
            config.tool_execution_timeout = Duration::from_secs(300);
            config.backoff.max_elapsed = Duration::from_secs(60);
            allow_read_write_net(&mut config);
        }
    }
    config
}

fn defaults() -> Config {
    Config {
        backoff: BackoffLimits {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(5),
            max_elapsed: Duration::from_secs(30),
        },
        worker_file_perm: 0o600,
        sandbox: SandboxMode::Required,
        tool_execution_timeout: Duration::from_secs(60),
        grace_period: Duration::from_secs(1),
        max_memory_mb: 2048,
        max_output_size: 10 << 20,
        max_stderr_capture_size: 1 << 20,
        runtime_type: RuntimeType::Bun,
        runtime_path: None,
        entrypoint_path: None,
        bun_permissions: vec!["--allow-read".to_owned()],
        node_options: Vec::new(),
        isolation: Isolation::Call,
        min_workers: 1,
        max_workers: default_max_workers(1),
        max_queue: Count::Infinite,
        idle_timeout: Duration::from_secs(30),
        max_calls_per_worker: Count::Infinite,
        concurrent_calls_per_worker: 1,
        telemetry: Telemetry::default(),
        entrypoint_cache: false,
        process_start: ProcessStart::Spawn,
        tools: Arc::default(),
        learn: None,
        permissions: Permissions {
            read: Scope::All,
            ..Permissions::default()
        },
        runtime_options: Vec::new(),
    }
}

/// The number of CPUs, but at least 2 and what is kept ready.
pub(super) fn default_max_workers(min_workers: u32) -> u32 {
    let cpus = std::thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(cpus).unwrap_or(u32::MAX).max(min_workers).max(2)
}

/// The flags for either runtime, so that the preset means the same when only `runtimeType` is changed.
fn allow_read_write_net(config: &mut Config) {
    let owned = |flags: &[&str]| flags.iter().map(|&flag| flag.to_owned()).collect();
    config.bun_permissions = owned(&["--allow-read", "--allow-write", "--allow-net"]);
    config.node_options = owned(&["--permission", "--allow-fs-read=*", "--allow-fs-write=*", "--allow-net"]);
    config.permissions = Permissions {
        read: Scope::All,
        write: Scope::All,
        net: NetScope::All,
        ..Permissions::default()
    };
}

#[cfg(test)]
mod tests {
    use super::super::resolve::resolve;
    use super::*;

    const ALL: [(&str, Preset); 5] = [
        ("default", Preset::Default),
        ("test", Preset::Test),
        ("development", Preset::Development),
        ("production", Preset::Production),
        ("debug", Preset::Debug),
    ];

    #[test]
    fn presets_are_found_by_name() {
        for (name, preset) in ALL {
            assert_eq!(Preset::from_name(name), Some(preset));
        }
        assert_eq!(Preset::from_name("Default"), None);
    }

    #[test]
    fn presets_have_the_values_of_the_contract() {
        // initial, max, max elapsed, timeout in milliseconds; memory; write and net
        let expected = [
            (100, 5_000, 30_000, 60_000, 2048, false),
            (10, 100, 1_000, 5_000, 512, false),
            (100, 5_000, 30_000, 120_000, 2048, true),
            (100, 5_000, 15_000, 30_000, 2048, false),
            (100, 5_000, 60_000, 300_000, 2048, true),
        ];
        for ((name, of), (initial, max, elapsed, timeout, memory, wide)) in ALL.into_iter().zip(expected) {
            let config = preset(of);
            let milliseconds = [
                config.backoff.initial,
                config.backoff.max,
                config.backoff.max_elapsed,
                config.tool_execution_timeout,
            ]
            .map(|duration| duration.as_millis());
            assert_eq!(milliseconds, [initial, max, elapsed, timeout], "{name}");
            assert_eq!(config.max_memory_mb, memory, "{name}");
            assert_eq!(config.worker_file_perm, 0o600, "{name}");
            assert_eq!(config.permissions.read, Scope::All, "{name}");
            assert_eq!(config.permissions.write == Scope::All, wide, "{name}");
            assert_eq!(config.permissions.net == NetScope::All, wide, "{name}");
        }
    }

    #[test]
    fn a_preset_given_as_configuration_gives_itself() {
        for (name, of) in ALL {
            assert_eq!(resolve(&preset(of).to_json()).expect(name), preset(of), "{name}");
        }
    }

    #[test]
    fn a_preset_allows_the_same_with_either_runtime() {
        for (name, of) in ALL {
            let json = preset(of)
                .to_json()
                .replace(r#""runtimeType":"bun""#, r#""runtimeType":"node""#);
            assert_eq!(
                resolve(&json).expect(name).permissions,
                preset(of).permissions,
                "{name}"
            );
        }
    }
}
