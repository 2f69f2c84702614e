//! What waits, and what is in an agent's hands.

use super::sample::{create, draft, failed, id, leased};
use crate::roles::Store;
use buildyard_model::Timestamp;
use buildyard_scheduler::{Event, Step, apply};
use std::sync::Arc;

async fn waiting(store: &Arc<dyn Store>, after: u64, limit: u32) -> Vec<String> {
    store.waiting(after, limit).await.unwrap().iter().map(|(_, candidate)| candidate.build.to_string()).collect()
}

pub(crate) async fn the_queue_is_read_in_pages_by_submission(store: Arc<dyn Store>) {
    for (number, priority) in [(5, 0), (4, 10), (3, 0), (2, -5), (1, 10)] {
        let mut draft = draft(if number == 3 { "other" } else { "app" }, number);
        draft.spec.priority = priority;
        store.create(draft).await.unwrap();
    }
    let order = [5, 4, 3, 2, 1].map(|number| id(if number == 3 { "other" } else { "app" }, number).to_string());
    assert_eq!(waiting(&store, 0, 10).await, order);
    assert_eq!(waiting(&store, 0, 2).await, order[..2]);
    let page = store.waiting(0, 2).await.unwrap();
    assert_eq!(waiting(&store, page[1].0, 10).await, order[2..]);
    for (_, candidate) in store.waiting(0, 10).await.unwrap() {
        let build = store.get(&candidate.build).await.unwrap().unwrap();
        assert_eq!(Some(candidate), build.candidate());
    }
}

pub(crate) async fn the_queue_follows_the_state(store: Arc<dyn Store>) {
    let build = create(&store, "app", 1).await;
    let later = create(&store, "app", 2).await;
    let counts = async || (store.depth().await.unwrap(), store.active().await.unwrap().len());
    assert_eq!(counts().await, (2, 0));
    let commit = async |step: Step| {
        store.commit(&step).await.unwrap();
        step.build
    };
    let offered = commit(leased(&build)).await;
    assert_eq!(counts().await, (1, 1));
    assert_eq!(store.active().await.unwrap(), std::slice::from_ref(&offered));
    let back = commit(apply(&offered, Event::OfferExpired, Timestamp(1_020_000)).unwrap()).await;
    assert_eq!(counts().await, (2, 0));
    assert_eq!(waiting(&store, 0, 9).await, [&back, &later].map(|one| one.spec.id.to_string()), "in its old place");
    let offered = commit(leased(&back)).await;
    let stopping = commit(apply(&offered, Event::Stop, Timestamp(1_021_000)).unwrap()).await;
    assert_eq!(counts().await, (1, 1));
    commit(failed(&stopping)).await;
    assert_eq!(counts().await, (1, 0));
}

pub(crate) async fn builds_that_waited_too_long_are_overdue(store: Arc<dyn Store>) {
    for (number, seconds) in [(1, 900), (2, 600), (3, 600)] {
        let mut draft = draft("app", number);
        draft.spec.queued_timeout_seconds = seconds;
        store.create(draft).await.unwrap();
    }
    let overdue = async |after_ms: i64| store.overdue(Timestamp(1_000_000 + after_ms)).await.unwrap();
    assert_eq!(overdue(599_999).await, []);
    assert_eq!(overdue(600_000).await, [id("app", 2), id("app", 3)]);
    assert_eq!(overdue(900_000).await, [id("app", 2), id("app", 3), id("app", 1)]);
    let build = store.get(&id("app", 2)).await.unwrap().unwrap();
    store.commit(&leased(&build)).await.unwrap();
    assert_eq!(overdue(600_000).await, [id("app", 3)]);
}
