//! Random histories against the engine's promises, without any process.
//!
//! - Every call that is accepted settles exactly once.
//! - A tool that was entered is never entered again unless the call's options allow it.
//! - No effect refers to a process that has exited, or does not exist yet.
//! - Between two starts after a failure lies the delay that was drawn.
//! - There are never more processes than `maxWorkers`, nor more calls in one of them than it may have.
//! - The clock never rings for nothing, and closing ends.

use proptest::prelude::*;

use super::model_steps_test::{setup, step};
use super::model_world_test::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_call_settles_once_and_every_promise_holds(setup in setup(), steps in prop::collection::vec((step(), prop::bool::weighted(0.2)), 0..150)) {
        let mut world = World::new(setup);
        for (step, more_follows) in &steps {
            world.together(step.is_said() && *more_follows);
            world.apply(step);
        }
        world.together(false);
        world.run_out();
    }
}
