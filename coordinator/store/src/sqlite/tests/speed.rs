//! How fast it is. Run by hand, since a busy machine proves nothing:
//! `cargo test -p buildyard-store speed -- --ignored --nocapture`.

use super::*;
use crate::ListQuery;
use crate::conformance::sample::{failed, leased};
use buildyard_scheduler::{Event, apply};
use std::time::Instant;

#[tokio::test]
#[ignore = "a measurement"]
async fn a_thousand_builds_take_less_than_ten_seconds_one_after_the_other() {
    let (_dir, store) = open().await;
    let began = Instant::now();
    for number in 0..1000 {
        let build = create(&store, "app", number).await;
        let lease = leased(&build);
        store.commit(&lease).await.unwrap();
        let token = lease.build.state.lease().unwrap().token.clone();
        let at = buildyard_model::Timestamp(1_001_500);
        let running = apply(&lease.build, Event::Accept { token }, at).unwrap();
        store.commit(&running).await.unwrap();
        let stopping = apply(&running.build, Event::Stop, at).unwrap();
        store.commit(&stopping).await.unwrap();
        store.commit(&failed(&stopping.build)).await.unwrap();
    }
    let took = began.elapsed();
    eprintln!("5,000 writes one after the other: {took:?}, {:?} each", took / 5000);
    assert!(took.as_secs() < 10);
}

#[tokio::test]
#[ignore = "a measurement"]
async fn ten_thousand_builds_are_made_together_and_listed_fast() {
    let (_dir, store) = open().await;
    let began = Instant::now();
    let tasks: Vec<_> = (0..100u64)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..100 {
                    create(&store, if task == 7 { "rare" } else { "app" }, task * 1000 + number).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    eprintln!("10,000 builds by 100 writers: {:?}", began.elapsed());
    for project in [None, Some("rare".parse().unwrap())] {
        let (began, mut after, mut pages) = (Instant::now(), None, 0u32);
        loop {
            let query = ListQuery { project: project.clone(), limit: 100, after };
            let page = store.list(&query).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.spec.id.clone());
            pages += 1;
        }
        eprintln!("{pages} pages of 100, project {project:?}: {:?} each", began.elapsed() / pages);
        assert!(began.elapsed().as_millis() < u128::from(pages) * 50);
    }
    let began = Instant::now();
    assert_eq!(store.waiting(0, 500).await.unwrap().len(), 500);
    eprintln!("500 of 10,000 waiting: {:?}", began.elapsed());
}
