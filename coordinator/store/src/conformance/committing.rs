//! Changing builds.

use super::sample::{create, fail, failed, id, leased};
use crate::roles::{Error, OutboxEntry, Store};
use buildyard_model::Timestamp;
use buildyard_scheduler::{Effect, Event, Step, apply};
use std::sync::Arc;

pub(crate) async fn a_commit_replaces_the_build(store: Arc<dyn Store>) {
    let build = create(&store, "app", 1).await;
    let step = leased(&build);
    assert_eq!(store.commit(&step).await.unwrap(), []);
    assert_eq!(store.get(&build.spec.id).await.unwrap(), Some(step.build.clone()));
    let end = failed(&step.build);
    store.commit(&end).await.unwrap();
    assert_eq!(store.get(&build.spec.id).await.unwrap(), Some(end.build));
}

pub(crate) async fn two_commits_of_one_version_have_one_winner(store: Arc<dyn Store>) {
    for number in 0..10 {
        let build = create(&store, "app", number).await;
        let stop = apply(&build, Event::Stop, Timestamp(1_003_000)).unwrap();
        let steps = [leased(&build), stop];
        let [one, other] = steps.clone().map(|step| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.commit(&step).await })
        });
        let won = match (one.await.unwrap(), other.await.unwrap()) {
            (Ok(_), Err(Error::Conflict(lost))) => (0, lost),
            (Err(Error::Conflict(lost)), Ok(_)) => (1, lost),
            both => panic!("not one winner: {both:?}"),
        };
        assert_eq!(won.1, format!("build {}", build.spec.id));
        assert_eq!(store.get(&build.spec.id).await.unwrap().as_ref(), Some(&steps[won.0].build));
        assert!(matches!(store.commit(&steps[won.0]).await, Err(Error::Conflict(_))), "nor is a step taken twice");
    }
}

pub(crate) async fn many_commits_at_once_are_all_there(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let build = create(&store, "app", number).await;
                // A refused write among the others.
                let mut stale = leased(&build);
                stale.build.version += 1;
                let (refused, taken) = tokio::join!(async { store.commit(&stale).await }, async {
                    let step = leased(&build);
                    store.commit(&step).await.unwrap();
                    step.build
                });
                // The stale step may also come second, and then it fits.
                (refused.is_ok(), taken)
            })
        })
        .collect();
    for task in tasks {
        let (fitted, build) = task.await.unwrap();
        let stored = store.get(&build.spec.id).await.unwrap().unwrap();
        assert_eq!(stored.version, build.version + u64::from(fitted));
    }
    assert_eq!(store.active().await.unwrap().len(), 100);
}

pub(crate) async fn steps_that_come_together_each_have_their_own_effects_and_queue(store: Arc<dyn Store>) {
    let mut leases = Vec::new();
    for number in 0..150 {
        leases.push(leased(&create(&store, "app", number).await));
    }
    for made in together(&store, &leases).await {
        assert_eq!(made, [], "a lease has no durable effect");
    }
    assert_eq!(store.waiting(0, 1000).await.unwrap(), []);

    // Every third waits again, the others end.
    let back = |lease: &Step| apply(&lease.build, Event::OfferExpired, Timestamp(1_002_000)).unwrap();
    let next = |(number, lease)| if number % 3 == 0 { back(lease) } else { failed(&lease.build) };
    let steps: Vec<_> = leases.iter().enumerate().map(next).collect();
    let mut all = Vec::new();
    for (step, entries) in steps.iter().zip(together(&store, &steps).await) {
        let durable: Vec<_> = step.effects.iter().filter(|effect| effect.durable()).collect();
        assert_eq!(entries.iter().map(|entry| &entry.effect).collect::<Vec<_>>(), durable);
        assert!(entries.is_sorted_by(|one, other| one.id < other.id));
        assert_eq!(store.get(&step.build.spec.id).await.unwrap().as_ref(), Some(&step.build));
        all.extend(entries);
    }
    all.sort_by_key(|entry| entry.id);
    assert_eq!(store.pending(0, 1000).await.unwrap(), all);
    let waiting: Vec<_> = store.waiting(0, 1000).await.unwrap().into_iter().map(|(_, waiting)| waiting.build).collect();
    let again = steps.iter().step_by(3).map(|step| step.build.spec.id.clone());
    assert_eq!(waiting, again.collect::<Vec<_>>());
}

async fn together(store: &Arc<dyn Store>, steps: &[Step]) -> Vec<Vec<OutboxEntry>> {
    let commits = steps.iter().cloned().map(|step| {
        let store = Arc::clone(store);
        tokio::spawn(async move { store.commit(&step).await })
    });
    let mut made = Vec::new();
    for commit in commits.collect::<Vec<_>>() {
        made.push(commit.await.unwrap().unwrap());
    }
    made
}

pub(crate) async fn a_commit_of_an_unknown_build_is_not_found(store: Arc<dyn Store>) {
    let mut step = leased(&create(&store, "app", 1).await);
    step.build.spec.id = id("app", 2);
    assert!(matches!(store.commit(&step).await, Err(Error::NotFound(_))));
    assert_eq!(store.get(&id("app", 2)).await.unwrap(), None);
}

pub(crate) async fn durable_effects_are_stored_with_their_step(store: Arc<dyn Store>) {
    let (build, entries) = fail(&store, "app", 1).await;
    let kinds: Vec<_> = entries.iter().map(|entry| entry.effect.durable()).collect();
    assert_eq!(kinds, [true, true], "and none that is not durable");
    assert!(matches!(&entries[1].effect, Effect::Retry { of, number: 1 } if *of == build.spec.id));
    assert_eq!(store.pending(0, 10).await.unwrap(), entries);
    let again = failed(&leased(&create(&store, "app", 2).await).build);
    assert!(matches!(store.commit(&again).await, Err(Error::Conflict(_))), "a version was left out");
    assert_eq!(store.pending(0, 10).await.unwrap(), entries, "a refused step leaves nothing behind");
}

pub(crate) async fn outbox_entries_go_when_done_and_their_ids_never_return(store: Arc<dyn Store>) {
    let (_, first) = fail(&store, "app", 1).await;
    assert_eq!(store.pending(0, 1).await.unwrap(), first[..1]);
    assert_eq!(store.pending(first[0].id, 10).await.unwrap(), first[1..], "behind one that stays");
    for entry in &first {
        store.done(entry.id).await.unwrap();
        store.done(entry.id).await.unwrap();
    }
    assert_eq!(store.pending(0, 10).await.unwrap(), []);
    let (_, second) = fail(&store, "app", 2).await;
    assert!(second.iter().all(|entry| entry.id > first[1].id), "{first:?} {second:?}");
}
