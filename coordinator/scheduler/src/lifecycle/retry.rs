//! Another try for a build that has failed: a new build that is linked with this one (reference 2.4).
//!
//! Each build of a chain knows how many came before it, and all have one limit, so a chain ends. A stopped or timed-out
//! build is not tried again.

use crate::build::Build;
use crate::event::Effect;

/// Promises the next try and names it in the build, if fewer than `asked` or than the project's `autoRetryLimit` were
/// made.
pub(super) fn promise(build: &mut Build, asked: u32) -> Option<Effect> {
    let made = build.spec.retry_of.as_ref().map_or(0, |retry| retry.number);
    let automatic = build.spec.project.as_ref().and_then(|project| project.auto_retry_limit).unwrap_or(0);
    let limit = asked.max(u32::try_from(automatic).unwrap_or(0));
    if made >= limit {
        return None;
    }
    let (of, number) = (build.spec.id.clone(), made + 1);
    build.next_retry = Some(of.repetition(number));
    Some(Effect::Retry { of, number })
}

#[cfg(test)]
mod tests {
    use super::super::apply;
    use super::*;
    use crate::sample::{progress, queued, record, report, running, spec, token};
    use crate::{Event, Step};
    use buildyard_model::{Outcome, Phase, Project, RetryOf, Timestamp};

    fn build(limit: i32, made: u32) -> Build {
        let mut build = running();
        build.spec.project = Some(Box::new(Project { auto_retry_limit: Some(limit), ..Project::default() }));
        build.spec.retry_of = (made > 0).then(|| RetryOf { previous: spec().id, number: made });
        build
    }

    fn end(build: &Build, outcome: Outcome, asked: u32) -> Step {
        let report = crate::Report { retry_limit: asked, ..report(outcome) };
        apply(build, Event::Finish { token: token(build), report }, Timestamp(5000)).unwrap()
    }

    fn retried(step: &Step) -> Option<u32> {
        let mut numbers = step.effects.iter().filter_map(|effect| match effect {
            Effect::Retry { of, number } => Some((of.repetition(*number), *number)),
            _ => None,
        });
        let found = numbers.next();
        assert_eq!(step.build.next_retry, found.as_ref().map(|(id, _)| id.clone()));
        found.map(|(_, number)| number)
    }

    #[test]
    fn failures_and_faults_are_tried_again_up_to_the_projects_limit() {
        for outcome in [Outcome::Failed, Outcome::Fault] {
            assert_eq!(retried(&end(&build(2, 0), outcome, 0)), Some(1), "{outcome}");
            assert_eq!(retried(&end(&build(2, 1), outcome, 0)), Some(2), "{outcome}");
            assert_eq!(retried(&end(&build(2, 2), outcome, 0)), None, "{outcome}");
        }
        for outcome in [Outcome::Succeeded, Outcome::Stopped, Outcome::TimedOut] {
            assert_eq!(retried(&end(&build(2, 0), outcome, 0)), None, "{outcome}");
        }
        assert_eq!(retried(&end(&build(-1, 0), Outcome::Failed, 0)), None);
    }

    #[test]
    fn the_larger_of_both_limits_counts() {
        assert_eq!(retried(&end(&build(1, 1), Outcome::Failed, 3)), Some(2));
        assert_eq!(retried(&end(&build(3, 1), Outcome::Failed, 1)), Some(2));
        assert_eq!(retried(&end(&build(1, 3), Outcome::Failed, 3)), None);
    }

    #[test]
    fn a_stop_prevents_another_try() {
        let stopping = apply(&build(2, 0), Event::Stop, Timestamp(2000)).unwrap().build;
        assert_eq!(retried(&end(&stopping, Outcome::Failed, 0)), None);
        let mut waiting = queued();
        waiting.spec.project.clone_from(&stopping.spec.project);
        assert_eq!(retried(&apply(&waiting, Event::Stop, Timestamp(2000)).unwrap()), None);
    }

    #[test]
    fn a_build_lost_in_its_commands_is_tried_again_as_a_new_build() {
        let begun = build(1, 0);
        let begun =
            apply(&begun, progress(&begun, vec![record(Phase::Build, 0, None)]), Timestamp(2000)).unwrap().build;
        let lost = apply(&begun, Event::Lost { reason: "gone".to_owned() }, Timestamp(3000)).unwrap();
        assert_eq!((lost.build.outcome(), retried(&lost)), (Some(Outcome::Fault), Some(1)));
    }
}
