//! How many warm containers of which shape there shall be, and what is to be made or dropped for that. Pure.
//!
//! Invariant: what is ready or being made is never more than the limit.

use super::shape::Shape;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that decides.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// What came in lately, by weight.
    pub demand: BTreeMap<Shape, f64>,
    /// Ready ones.
    pub ready: BTreeMap<Shape, usize>,
    /// Those that are being made.
    pub making: BTreeMap<Shape, usize>,
    /// Shapes that could not be made a moment ago.
    pub resting: BTreeSet<Shape>,
    /// Most containers, ready and being made.
    pub limit: usize,
    /// How many more the host's memory allows.
    pub room: usize,
    /// Most that are made at the same time.
    pub at_once: usize,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Make(Shape),
    /// The oldest of its shape.
    Drop(Shape),
}

/// The way from what there is to what there shall be.
pub(crate) fn plan(view: &View) -> Vec<Step> {
    let there: usize = view.ready.values().chain(view.making.values()).sum();
    let demand = view.demand.iter().filter(|(shape, _)| !view.resting.contains(*shape));
    let demand = demand.map(|(shape, weight)| (shape, *weight)).collect();
    let seats = seats(&demand, view.limit.min(there.saturating_add(view.room)));
    let shapes: BTreeSet<&Shape> = seats.keys().chain(view.ready.keys()).collect();
    let count = |of: &BTreeMap<Shape, usize>, shape: &Shape| of.get(shape).copied().unwrap_or(0);
    let mut steps = Vec::new();
    let mut left = there;
    for shape in &shapes {
        let (ready, making, wanted) = (count(&view.ready, shape), count(&view.making, shape), count(&seats, shape));
        let surplus = (ready + making).saturating_sub(wanted).min(ready);
        steps.extend(std::iter::repeat_n(Step::Drop((*shape).clone()), surplus));
        left -= surplus;
    }
    let mut free = view.at_once.saturating_sub(view.making.values().sum::<usize>());
    for shape in shapes {
        let missing = count(&seats, shape).saturating_sub(count(&view.ready, shape) + count(&view.making, shape));
        let made = missing.min(free).min(view.limit.saturating_sub(left));
        steps.extend(std::iter::repeat_n(Step::Make(shape.clone()), made));
        (free, left) = (free - made, left + made);
    }
    steps
}

/// Gives each seat to the shape with the most demand for each of its seats (D'Hondt's rule), until everybody has what it
/// wants: one, and one for each that came in and has not faded.
fn seats(demand: &BTreeMap<&Shape, f64>, limit: usize) -> BTreeMap<Shape, usize> {
    let mut seats: BTreeMap<Shape, usize> = BTreeMap::new();
    for _ in 0..limit {
        let claims = demand.iter().filter_map(|(shape, weight)| {
            let has = seats.get(*shape).copied().unwrap_or(0) as f64;
            (has < weight.round().max(1.0)).then_some((*shape, weight / (has + 1.0)))
        });
        let Some((winner, _)) = claims.max_by(|(_, a), (_, b)| a.total_cmp(b)) else { break };
        *seats.entry(winner.clone()).or_default() += 1;
    }
    seats
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Resources;
    use proptest::prelude::*;

    fn shape(name: u8) -> Shape {
        Shape::new(&format!("image-{name}"), Resources { vcpu: 2, memory_mib: 4096 }, false)
    }

    fn view(demand: &[(u8, f64)], limit: usize) -> View {
        let demand = demand.iter().map(|(name, weight)| (shape(*name), *weight)).collect();
        View { demand, limit, room: 100, at_once: 100, ..View::default() }
    }

    fn counts(of: &[(u8, usize)]) -> BTreeMap<Shape, usize> {
        of.iter().map(|(name, count)| (shape(*name), *count)).collect()
    }

    #[test]
    fn what_comes_in_most_gets_most() {
        let make = |name, count| vec![Step::Make(shape(name)); count];
        assert_eq!(plan(&view(&[(1, 6.0), (2, 2.0)], 4)), [make(1, 3), make(2, 1)].concat());
        assert_eq!(plan(&view(&[(1, 1.0), (2, 0.1)], 4)), [make(1, 1), make(2, 1)].concat());
    }

    #[test]
    fn one_build_leaves_one_warm_container_for_the_next() {
        assert_eq!(plan(&view(&[(1, 1.0)], 4)), [Step::Make(shape(1))]);
        let there = View { ready: counts(&[(1, 1)]), ..view(&[(1, 1.0)], 4) };
        assert_eq!(plan(&there), []);
        let forgotten = View { ready: counts(&[(1, 1)]), ..view(&[], 4) };
        assert_eq!(plan(&forgotten), [Step::Drop(shape(1))]);
    }

    #[test]
    fn a_host_without_memory_gets_none_and_keeps_what_it_has() {
        let full = View { room: 0, ..view(&[(1, 5.0)], 4) };
        assert_eq!(plan(&full), []);
        let some = View { room: 0, ready: counts(&[(1, 2)]), ..view(&[(1, 5.0)], 4) };
        assert_eq!(plan(&some), []);
    }

    #[test]
    fn what_cannot_be_made_is_let_alone_for_a_while() {
        let resting = View { resting: [shape(1)].into(), ..view(&[(1, 5.0), (2, 1.0)], 4) };
        assert_eq!(plan(&resting), [Step::Make(shape(2))]);
    }

    proptest! {
        #[test]
        fn there_are_never_more_than_the_limit_and_it_comes_to_rest(
            weights in prop::collection::btree_map(0..5_u8, 0.0..20.0_f64, 0..5),
            ready in prop::collection::btree_map(0..5_u8, 0..4_usize, 0..5),
            making in prop::collection::btree_map(0..5_u8, 0..4_usize, 0..5),
            limit in 0..8_usize, room in 0..8_usize, at_once in 1..4_usize,
        ) {
            let map = |of: &BTreeMap<u8, usize>| of.iter().map(|(name, count)| (shape(*name), *count)).collect();
            let demand = weights.iter().map(|(name, weight)| (shape(*name), *weight)).collect();
            // No more than the same limit has let come about.
            let mut left = limit;
            let mut clip = |of: BTreeMap<u8, usize>| -> BTreeMap<u8, usize> {
                of.into_iter().map(|(name, count)| {
                    let count = count.min(left);
                    left -= count;
                    (name, count)
                }).collect()
            };
            let (ready, making) = (clip(ready), clip(making));
            let mut view = View { demand, ready: map(&ready), making: map(&making), limit, room, at_once, ..View::default() };
            let total = |view: &View| view.ready.values().chain(view.making.values()).sum::<usize>();
            for _ in 0..40 {
                let before = total(&view);
                let making: usize = view.making.values().sum();
                for step in plan(&view) {
                    match step {
                        Step::Drop(shape) => {
                            let count = view.ready.get_mut(&shape).unwrap();
                            prop_assert!(*count > 0);
                            *count -= 1;
                        }
                        Step::Make(shape) => {
                            prop_assert!(view.demand.contains_key(&shape));
                            *view.making.entry(shape).or_default() += 1;
                        }
                    }
                }
                prop_assert!(total(&view) <= limit, "{} of {limit}", total(&view));
                prop_assert!(view.making.values().sum::<usize>() <= at_once.max(making));
                view.room = (view.room + before).saturating_sub(total(&view));
                for (shape, count) in std::mem::take(&mut view.making) {
                    *view.ready.entry(shape).or_default() += count;
                }
            }
            prop_assert_eq!(plan(&view), [], "it does not come to rest");
        }
    }
}
