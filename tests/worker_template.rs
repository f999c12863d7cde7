//! Runs the worker file in the real runtimes and exchanges frames with it. Each case runs under Bun, under Bun with the
//! compiled worker file, and under Node.
#![allow(clippy::disallowed_methods, reason = "a test makes files and processes of its own")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "worker_template/cases/mod.rs"]
mod cases;
#[path = "worker_template/driver.rs"]
mod driver;

/// Makes a module per runtime with one test per case.
macro_rules! each {
    ($($case:ident),* $(,)?) => {
        mod bun {
            $(#[test] fn $case() { crate::cases::$case(crate::driver::Runtime::Bun); })*
        }
        mod compiled {
            $(#[test] fn $case() { crate::cases::$case(crate::driver::Runtime::Compiled); })*
        }
        mod node {
            $(#[test] fn $case() { crate::cases::$case(crate::driver::Runtime::Node); })*
        }
    };
}

each!(
    results_as_json_carries_them,
    the_three_shapes_and_the_table,
    arguments_and_context,
    named_exports_are_tools_and_prototypes_are_not,
    thrown_values,
    results_that_cannot_be_sent,
    console_methods_keep_their_levels,
    raw_writes_reach_the_log,
    lines_before_a_self_kill_or_an_endless_loop_arrive,
    an_answer_cannot_be_forged_or_broken_by_patching,
    abort_is_acknowledged_at_once,
    ping_rehearses_and_warms_up_once,
    process_exit_keeps_what_was_printed,
    late_errors_are_logged_and_early_ones_fail_the_call,
    with_several_in_flight_an_uncaught_error_is_its_calls_or_ends_the_process,
    env_of_a_call_is_gone_after_it,
    concurrent_calls_keep_env_and_logs_apart,
    an_entrypoint_that_fails_says_why,
    the_end_of_the_channel_or_end_ends_the_process,
    progress_values_and_async_iterables,
    schemas_check_input_and_output,
    json_schemas_check_without_a_library,
    large_and_cut_frames,
    the_one_call_left_in_flight_gets_the_error,
    a_child_process_has_no_channel,
    paths_with_every_kind_of_character,
    a_bundle_that_cannot_be_reached_gives_way_to_the_source,
    a_bundle_takes_the_place_of_the_source_and_its_errors_are_the_modules,
);
