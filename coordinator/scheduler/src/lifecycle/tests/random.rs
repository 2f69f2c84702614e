//! Random lives: whatever happens in whatever order, with stale leases and clocks that jump, the invariants hold.

use super::*;
use crate::invariant;
use buildyard_model::PhaseRecord;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Deed {
    Lease(u8),
    Accept,
    Decline,
    OfferExpired,
    Withdraw,
    Progress(Vec<PhaseRecord>, bool),
    Finish(Outcome, Vec<PhaseRecord>, u32),
    Stop,
    StopExpired,
    Lost,
    QueueTimeout,
}

fn status() -> impl Strategy<Value = PhaseStatus> {
    prop::sample::select(vec![PhaseStatus::Succeeded, PhaseStatus::Failed, PhaseStatus::Stopped, PhaseStatus::TimedOut])
}

fn records() -> impl Strategy<Value = Vec<PhaseRecord>> {
    let one = (prop::sample::select(Phase::ALL.to_vec()), -9000i64..9000, prop::option::of((-9000i64..9000, status())));
    prop::collection::vec(one.prop_map(|(phase, start, end)| record(phase, start, end)), 0..6)
}

fn deed() -> impl Strategy<Value = Deed> {
    let outcomes = [Outcome::Succeeded, Outcome::Failed, Outcome::Fault, Outcome::TimedOut, Outcome::Stopped];
    prop_oneof![
        6 => (0u8..3).prop_map(Deed::Lease),
        4 => Just(Deed::Accept),
        1 => Just(Deed::Decline),
        1 => Just(Deed::OfferExpired),
        1 => Just(Deed::Withdraw),
        4 => (records(), any::<bool>()).prop_map(|(phases, commands)| Deed::Progress(phases, commands)),
        2 => (prop::sample::select(outcomes.to_vec()), records(), 0u32..3)
            .prop_map(|(outcome, phases, retries)| Deed::Finish(outcome, phases, retries)),
        1 => Just(Deed::Stop),
        1 => Just(Deed::StopExpired),
        2 => Just(Deed::Lost),
        1 => Just(Deed::QueueTimeout),
    ]
}

fn event(deed: Deed, token: LeaseToken) -> Event {
    let reason = "because".to_owned();
    match deed {
        Deed::Lease(number) => Event::Lease { agent: agent(&format!("a{number}")) },
        Deed::Accept => Event::Accept { token },
        Deed::Decline => Event::Decline { token, reason },
        Deed::OfferExpired => Event::OfferExpired,
        Deed::Withdraw => Event::Withdraw { token, reason },
        Deed::Progress(phases, commands_started) => {
            Event::Progress { token, phases, commands_started, image_digest: None, resolved_source_version: None }
        }
        Deed::Finish(outcome, phases, retry_limit) => {
            Event::Finish { token, report: crate::Report { phases, retry_limit, ..report(outcome) } }
        }
        Deed::Stop => Event::Stop,
        Deed::StopExpired => Event::StopExpired,
        Deed::Lost => Event::Lost { reason },
        Deed::QueueTimeout => Event::QueueTimeout,
    }
}

proptest! {
    #[test]
    fn no_order_of_events_breaks_an_invariant(
        deeds in prop::collection::vec((deed(), prop::option::weighted(0.25, any::<prop::sample::Index>()), -500i64..5000), 1..40)
    ) {
        let mut build = queued();
        // Every lease ever granted, and one that never was.
        let mut granted = vec![LeaseToken { build: spec().id, attempt: 9, epoch: 99 }];
        let (mut now, mut accepted, mut commands_lost) = (0, 0, 0);
        for (deed, stale, later) in deeds {
            now += later;
            let current = build.state.lease().map(|lease| lease.token.clone());
            let token = match (stale, current.clone()) {
                (None, Some(token)) => token,
                (None, None) => granted[granted.len() - 1].clone(),
                (Some(any), _) => any.get(&granted).clone(),
            };
            let in_force = current.as_ref() == Some(&token);
            let event = event(deed, token);
            let (said, lost) = (event.token().is_some(), matches!(event, Event::Lost { .. }));
            let finish = matches!(event, Event::Finish { .. });
            match apply(&build, event, Timestamp(now)) {
                Ok(step) => {
                    prop_assert_eq!(invariant::check_step(&build, &step.build), Ok(()));
                    prop_assert!(!said || in_force, "a stale lease had an effect");
                    accepted += u32::from(finish);
                    commands_lost += u32::from(lost && build.commands_started && step.build.outcome().is_none());
                    for effect in &step.effects {
                        if let Effect::Offer { lease } = effect {
                            granted.push(lease.token.clone());
                        }
                    }
                    build = step.build;
                }
                Err(rejected) => {
                    let judged = matches!(rejected, Rejected::NotNow { .. });
                    prop_assert!(in_force || !said || !judged, "a stale lease was not fenced but judged");
                }
            }
        }
        prop_assert!(accepted <= 1, "two results were accepted");
        prop_assert_eq!(commands_lost, 0, "a build whose commands had begun went on after a loss");
        prop_assert_eq!(u64::try_from(granted.len()).unwrap() - 1, build.epoch, "each grant has its own epoch");
    }
}
