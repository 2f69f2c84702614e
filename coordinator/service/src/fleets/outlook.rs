//! What a waiting build may expect of its fleet, in words.

use crate::Service;
use buildyard_model::{FleetName, FleetStanding};
use buildyard_scheduler::Build;
use std::time::Duration;

impl Service {
    /// Why the build waits, with what its fleet does about it.
    pub(crate) fn with_outlook(&self, build: &Build, why: String) -> String {
        let fleet = build.spec.fleet().unwrap_or_else(FleetName::on_demand);
        let Some(glimpse) = self.inner.fleets.look(&fleet) else { return why };
        let words = glimpse.standing.as_ref().and_then(|standing| words(standing, glimpse.next_in));
        match words {
            Some(words) => format!("{why}; {words}"),
            None => why,
        }
    }
}

/// What the fleet does for builds that wait, if there is anything to tell.
fn words(standing: &FleetStanding, next_in: Option<Duration>) -> Option<String> {
    let name = &standing.name;
    if let (Some(time), None) = (next_in, &standing.trouble) {
        return Some(match time {
            Duration::ZERO => format!("the next agent of fleet {name} is expected at any moment"),
            time => format!("the next agent of fleet {name} is expected in {} s", time.as_millis().div_ceil(1000)),
        });
    }
    if let Some(trouble) = &standing.trouble {
        return Some(format!("fleet {name} has trouble: {trouble}"));
    }
    (standing.max > 0 && standing.running >= standing.max)
        .then(|| format!("fleet {name} is at its most, {} instances", standing.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(pending: u32, running: u32, trouble: Option<&str>) -> FleetStanding {
        FleetStanding {
            name: "linux".parse().unwrap(),
            status: None,
            provisioner: Some("p".into()),
            min: 0,
            max: 4,
            desired: pending + running,
            running,
            idle: 0,
            draining: 0,
            pending,
            waiting: 1,
            last_event: None,
            trouble: trouble.map(str::to_owned),
        }
    }

    #[test]
    fn a_waiting_build_is_told_what_its_fleet_does() {
        let rows = [
            (standing(2, 0, None), Some(3_100), "the next agent of fleet linux is expected in 4 s"),
            (standing(1, 0, None), Some(0), "the next agent of fleet linux is expected at any moment"),
            (standing(1, 0, Some("no space")), Some(5), "fleet linux has trouble: no space"),
            (standing(0, 0, Some("no image")), None, "fleet linux has trouble: no image"),
            (standing(0, 4, None), None, "fleet linux is at its most, 4 instances"),
        ];
        for (standing, next_in, expected) in rows {
            assert_eq!(words(&standing, next_in.map(Duration::from_millis)).as_deref(), Some(expected));
        }
        assert_eq!(words(&standing(0, 1, None), None), None);
    }
}
