//! Checks the guarantees of the pool on random histories against a simple model of it.

use proptest::prelude::*;

use super::model_steps_test::{Step, limits, step};
use super::model_world_test::World;
use super::{GroupId, Limits};
use crate::config::Count;

proptest! {
    #[test]
    fn every_call_is_served_in_order_within_the_limits(limits in limits(), steps in prop::collection::vec(step(), 0..120)) {
        let mut world = World::new(limits);
        world.pool.warm(false, world.now, &mut world.out);
        world.carry_out();
        for step in &steps {
            world.apply(step);
        }
        world.run_out();
    }

    /// Whoever else calls: while one group is called all the time, each call of another group gets a process after a
    /// bounded number of calls.
    #[test]
    fn no_group_starves_under_the_calls_of_others(
        limits in limits(),
        steps in prop::collection::vec(step(), 0..30),
        group in prop_oneof![Just(GroupId::of(2)), Just(GroupId { base: 2, narrowed: 9 })],
    ) {
        let mut world = World::new(Limits { queue: Count::Infinite, ..limits });
        for step in steps.iter().filter(|step| !matches!(step, Step::Close)) {
            world.apply(step);
        }
        world.apply(&Step::Submit(group));
        let call = world.next;
        let mut rounds = 0;
        while world.waiting.iter().any(|waiting| waiting.call == call) {
            rounds += 1;
            prop_assert!(rounds < 400, "it waits for ever: {:?}", world.pool);
            world.apply(&Step::Submit(GroupId::OWN));
            world.apply(&Step::Submit(GroupId::of(1)));
            world.apply(&Step::Ready(rounds));
            world.apply(&Step::Release(rounds));
            world.apply(&Step::Exit(rounds));
            world.apply(&Step::Wait(5));
        }
        world.run_out();
    }
}
