//! Finds modules that use one another, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::{Module, Uses};

/// Groups of modules that use one another, each sorted.
pub(crate) fn circles(uses: &Uses) -> Vec<Vec<String>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> = uses.keys().map(|from| (from, reachable(from, uses))).collect();
    let mut found = BTreeSet::new();
    for (from, reached) in &reach {
        if reached.contains(from) {
            let circle: BTreeSet<String> = reached
                .iter()
                .filter(|other| reach.get(*other).is_some_and(|back| back.contains(from)))
                .map(|module| module.join("::"))
                .collect();
            found.insert(circle.into_iter().collect::<Vec<_>>());
        }
    }
    found.into_iter().collect()
}

fn reachable<'a>(from: &Module, uses: &'a Uses) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Module> = uses.get(from).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(uses.get(module).into_iter().flatten());
        }
    }
    reached
}
