//! What came in lately, fading: the measure by which warm containers are kept. Pure.

use super::shape::Shape;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Arrivals by shape.
#[derive(Debug)]
pub(crate) struct Demand {
    /// A shape that was not seen for so long is forgotten.
    idle: Duration,
    seen: BTreeMap<Shape, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    weight: f64,
    at: Instant,
}

/// How often a shape came in, by when it came in last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arrivals {
    pub(crate) shape: Shape,
    pub(crate) weight: f64,
    pub(crate) age: Duration,
}

impl Demand {
    pub(crate) fn new(idle: Duration) -> Self {
        Self { idle, seen: BTreeMap::new() }
    }

    /// Counts a build.
    pub(crate) fn arrived(&mut self, shape: &Shape, now: Instant) {
        let before = self.seen.get(shape).map_or(0.0, |seen| self.faded(*seen, now));
        self.seen.insert(shape.clone(), Seen { weight: before + 1.0, at: now });
    }

    /// Goes on from what was seen so long ago.
    pub(crate) fn recall(&mut self, seen: Vec<Arrivals>, now: Instant) {
        for Arrivals { shape, weight, age } in seen {
            // A clock that begins with the host cannot say what was before.
            if let Some(at) = now.checked_sub(age).filter(|_| weight.is_finite() && weight > 0.0) {
                self.seen.insert(shape, Seen { weight, at });
            }
        }
    }

    /// What is to be recalled later.
    pub(crate) fn arrivals(&self, now: Instant) -> Vec<Arrivals> {
        let arrivals = |(shape, seen): (&Shape, &Seen)| Arrivals {
            shape: shape.clone(),
            weight: seen.weight,
            age: now.saturating_duration_since(seen.at),
        };
        self.seen.iter().map(arrivals).collect()
    }

    /// What counts now, and how much; what is forgotten goes.
    pub(crate) fn weights(&mut self, now: Instant) -> BTreeMap<Shape, f64> {
        let idle = self.idle;
        self.seen.retain(|_, seen| now.saturating_duration_since(seen.at) < idle);
        self.seen.iter().map(|(shape, seen)| (shape.clone(), self.faded(*seen, now))).collect()
    }

    /// Half of it in a quarter of the time after which it is forgotten.
    fn faded(&self, seen: Seen, now: Instant) -> f64 {
        let half_life = (self.idle / 4).max(Duration::from_millis(1));
        let age = now.saturating_duration_since(seen.at);
        seen.weight * (-age.as_secs_f64() / half_life.as_secs_f64()).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Resources;

    #[test]
    fn arrivals_add_up_fade_and_are_forgotten() {
        let shape = Shape::new("x", Resources { vcpu: 2, memory_mib: 4096 }, false);
        let (mut demand, start) = (Demand::new(Duration::from_secs(400)), Instant::now());
        let weight =
            |demand: &mut Demand, after| demand.weights(start + Duration::from_secs(after)).get(&shape).copied();
        (0..4).for_each(|_| demand.arrived(&shape, start));
        assert_eq!(weight(&mut demand, 0), Some(4.0));
        assert_eq!(weight(&mut demand, 100), Some(2.0));
        demand.arrived(&shape, start + Duration::from_secs(200));
        assert_eq!(weight(&mut demand, 200), Some(2.0));
        // A later process knows as much.
        let later = start + Duration::from_secs(1000);
        let mut recalled = Demand::new(Duration::from_secs(400));
        recalled.recall(demand.arrivals(start + Duration::from_secs(250)), later);
        let weights =
            [50, 349, 350].map(|after| recalled.weights(later + Duration::from_secs(after)).get(&shape).copied());
        assert!(weights == [Some(1.0), weights[1], None] && weights[1].is_some(), "{weights:?}");
        assert!(weight(&mut demand, 599).is_some());
        assert_eq!(weight(&mut demand, 600), None);
    }
}
