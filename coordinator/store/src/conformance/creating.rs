//! Making builds.

use super::sample::{create, draft, fail, id};
use crate::roles::{Draft, Error, Store};
use buildyard_scheduler::{Effect, State};
use std::sync::Arc;

pub(crate) async fn a_new_build_waits_with_its_number(store: Arc<dyn Store>) {
    let made = store.create(draft("app", 1)).await.unwrap();
    assert!(!made.existed);
    assert_eq!((made.build.spec.build_number, made.build.version), (1, 0));
    assert!(matches!(made.build.state, State::Queued { since } if since == made.build.spec.submitted_at));
    assert_eq!(create(&store, "app", 2).await.spec.build_number, 2);
    assert_eq!(create(&store, "other", 3).await.spec.build_number, 1);
    assert_eq!(store.depth().await.unwrap(), 3);
}

pub(crate) async fn a_build_is_read_back_as_it_was_made(store: Arc<dyn Store>) {
    let made = create(&store, "app", 1).await;
    assert_eq!(store.get(&made.spec.id).await.unwrap(), Some(made));
    assert_eq!(store.get(&id("app", 9)).await.unwrap(), None);
}

pub(crate) async fn numbers_have_no_gaps_under_concurrency(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let store = Arc::clone(&store);
            let project = if number % 3 == 0 { "one" } else { "two" };
            tokio::spawn(async move { create(&store, project, number).await })
        })
        .collect();
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for task in tasks {
        let spec = task.await.unwrap().spec;
        if spec.id.project().as_str() == "one" { one.push(spec.build_number) } else { two.push(spec.build_number) }
    }
    one.sort_unstable();
    two.sort_unstable();
    assert_eq!(one, (1..=20).collect::<Vec<_>>());
    assert_eq!(two, (1..=40).collect::<Vec<_>>());
}

pub(crate) async fn an_id_cannot_be_used_twice(store: Arc<dyn Store>) {
    let first = create(&store, "app", 1).await;
    assert!(matches!(store.create(draft("app", 1)).await, Err(Error::Failed(_))));
    assert!(matches!(store.create(draft("other", 1)).await, Err(Error::Failed(_))), "nor its uuid in another project");
    assert_eq!(store.get(&id("other", 1)).await.unwrap(), None);
    assert_eq!(store.get(&first.spec.id).await.unwrap(), Some(first));
    assert_eq!(create(&store, "app", 2).await.spec.build_number, 2, "a refused build uses up no number");
    assert_eq!(store.depth().await.unwrap(), 2);
}

pub(crate) async fn a_retry_is_made_once_and_ends_its_outbox_entry(store: Arc<dyn Store>) {
    let (_, entries) = fail(&store, "app", 1).await;
    let entry = entries.iter().find(|entry| matches!(entry.effect, Effect::Retry { .. })).unwrap().id;
    let retry = |number| {
        let mut draft = draft("app", number);
        draft.outbox_entry = Some(entry);
        store.create(draft)
    };
    assert_eq!(retry(2).await.unwrap().build.spec.build_number, 2);
    assert!(store.pending(0, 10).await.unwrap().iter().all(|pending| pending.id != entry));
    assert!(matches!(retry(3).await, Err(Error::NotFound(_))));
    assert_eq!(store.get(&id("app", 3)).await.unwrap(), None);
    assert_eq!(create(&store, "app", 4).await.spec.build_number, 3);
}

pub(crate) async fn a_limit_counts_what_waits_runs_and_is_promised(store: Arc<dyn Store>) {
    let limited = |number, limit| store.create(Draft { limit: Some(limit), ..draft("app", number) });
    create(&store, "other", 1).await;
    create(&store, "app_", 2).await;
    assert!(matches!(limited(3, 0).await, Err(Error::LimitReached { limit: 0, .. })));
    limited(4, 1).await.unwrap();
    assert!(matches!(limited(5, 1).await, Err(Error::LimitReached { limit: 1, .. })));
    // Over, but to be repeated.
    let (_, entries) = fail(&store, "app", 6).await;
    assert!(matches!(limited(7, 2).await, Err(Error::LimitReached { .. })));
    for entry in entries {
        store.done(entry.id).await.unwrap();
    }
    assert_eq!(limited(8, 2).await.unwrap().build.spec.build_number, 3, "a refused build uses up no number");
}

pub(crate) async fn starts_at_once_do_not_pass_a_limit_together(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(Draft { limit: Some(3), ..draft("app", number) }).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert!(matches!(error, Error::LimitReached { .. }), "{error}"),
        }
    }
    assert_eq!(made, 3);
}
