//! Start requests that are repeated.

use super::sample::{draft, leased};
use crate::roles::{Draft, Error, Store};
use buildyard_model::Timestamp;
use std::sync::Arc;

const WINDOW_MS: i64 = 300_000;

fn with_token(number: u64, request_hash: &str, later_ms: i64) -> Draft {
    let mut draft = draft("app", number);
    draft.spec.submitted_at = Timestamp(draft.spec.submitted_at.0 + later_ms);
    draft.idempotency = Some(("token".to_owned(), request_hash.to_owned()));
    draft
}

pub(crate) async fn a_token_gives_its_build_again(store: Arc<dyn Store>) {
    let first = store.create(with_token(1, "hash", 0)).await.unwrap();
    assert!(!first.existed);
    let step = leased(&first.build);
    store.commit(&step).await.unwrap();
    let again = store.create(with_token(2, "hash", 1000)).await.unwrap();
    assert!(again.existed);
    assert_eq!(again.build, step.build, "as it stands, not as it was made");
    assert_eq!(store.depth().await.unwrap(), 0);
}

pub(crate) async fn a_token_with_another_request_is_refused(store: Arc<dyn Store>) {
    store.create(with_token(1, "hash", 0)).await.unwrap();
    assert!(matches!(store.create(with_token(2, "other", 1000)).await, Err(Error::TokenMismatch)));
    assert_eq!(store.depth().await.unwrap(), 1);
}

pub(crate) async fn a_token_counts_for_five_minutes(store: Arc<dyn Store>) {
    store.create(with_token(1, "hash", 0)).await.unwrap();
    assert!(store.create(with_token(2, "hash", WINDOW_MS - 1)).await.unwrap().existed);
    let new = store.create(with_token(3, "other", WINDOW_MS)).await.unwrap();
    assert!(!new.existed);
    assert_eq!(new.build.spec.build_number, 2);
}

pub(crate) async fn one_token_used_at_once_makes_one_build(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(with_token(number, "hash", 0)).await.unwrap() })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        made.push(task.await.unwrap());
    }
    assert_eq!(made.iter().filter(|created| !created.existed).count(), 1);
    assert!(made.iter().all(|created| created.build == made[0].build));
}
