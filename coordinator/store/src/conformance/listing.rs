//! Finding builds.

use super::sample::{create, fail, id};
use crate::roles::{Error, IdQuery, ListQuery, Order, Store};
use buildyard_model::{BuildId, ProjectName};
use buildyard_scheduler::Effect;
use std::sync::Arc;

async fn pages(store: &Arc<dyn Store>, project: Option<&str>, limit: u32) -> Vec<BuildId> {
    let project: Option<ProjectName> = project.map(|name| name.parse().unwrap());
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let query = ListQuery { project: project.clone(), limit, after };
        let page = store.list(&query).await.unwrap();
        assert!(page.len() <= limit as usize);
        all.extend(page.iter().map(|build| build.spec.id.clone()));
        match page.last() {
            Some(last) => after = Some(last.spec.id.clone()),
            None => return all,
        }
    }
}

pub(crate) async fn pages_give_every_build_once_and_newest_first(store: Arc<dyn Store>) {
    let project = |number: u64| if number.is_multiple_of(3) { "three" } else { "app" };
    for number in 0..300 {
        create(&store, project(number), number).await;
    }
    let newest: Vec<_> = (0..300).rev().map(|number| id(project(number), number)).collect();
    assert_eq!(pages(&store, None, 7).await, newest);
    let of_three: Vec<_> = newest.iter().filter(|id| id.project().as_str() == "three").cloned().collect();
    assert_eq!(pages(&store, Some("three"), 99).await, of_three);
    assert_eq!(pages(&store, Some("absent"), 5).await, []);
    // A page may begin behind a build of another project.
    let query = ListQuery { project: Some("three".parse().unwrap()), limit: 1, after: Some(id("app", 298)) };
    assert_eq!(store.list(&query).await.unwrap()[0].spec.id, id("three", 297));
}

pub(crate) async fn a_page_behind_an_unknown_build_is_not_found(store: Arc<dyn Store>) {
    create(&store, "app", 1).await;
    let query = ListQuery { project: None, limit: 10, after: Some(id("app", 2)) };
    assert!(matches!(store.list(&query).await, Err(Error::NotFound(_))));
}

pub(crate) async fn builds_are_found_by_the_beginning_of_their_uuid(store: Arc<dyn Store>) {
    for (project, number) in [("app", 0xab12_0000), ("other", 0xab12_0001), ("app", 0xab13_0000), ("app", 0x0000_0001)]
    {
        create(&store, project, number).await;
    }
    let app: ProjectName = "app".parse().unwrap();
    let find =
        async |project: Option<&ProjectName>, prefix: &str, limit| store.find(project, prefix, limit).await.unwrap();
    assert_eq!(find(None, "ab12", 9).await, [id("app", 0xab12_0000), id("other", 0xab12_0001)]);
    assert_eq!(find(None, "AB12", 1).await, [id("app", 0xab12_0000)]);
    assert_eq!(find(Some(&app), "ab1", 9).await, [id("app", 0xab12_0000), id("app", 0xab13_0000)]);
    let whole = id("app", 1).uuid().to_string();
    assert_eq!(find(Some(&app), &whole, 9).await, [id("app", 1)]);
    assert_eq!(find(None, "", 9).await.len(), 4);
    for nothing in ["ac", "ab12%", "_", "ab12_", "g", "' OR 1"] {
        assert_eq!(find(None, nothing, 9).await, [], "{nothing}");
    }
}

pub(crate) async fn ids_are_listed_both_ways(store: Arc<dyn Store>) {
    let project = |number: u64| if number.is_multiple_of(3) { "three" } else { "app" };
    for number in 0..50 {
        create(&store, project(number), number).await;
    }
    for (order, of) in [
        (Order::NewestFirst, None),
        (Order::OldestFirst, None),
        (Order::NewestFirst, Some("three")),
        (Order::OldestFirst, Some("three")),
    ] {
        let of: Option<ProjectName> = of.map(|name| name.parse().unwrap());
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let query = IdQuery { project: of.clone(), order, limit: 7, after };
            let page = store.ids(&query).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            all.extend(page.into_iter().map(|(_, id)| id));
        }
        let mut expected: Vec<_> = (0..50).map(|number| id(project(number), number)).collect();
        expected.retain(|id| of.as_ref().is_none_or(|of| id.project() == of));
        if order == Order::NewestFirst {
            expected.reverse();
        }
        assert_eq!(all, expected, "{order:?} {of:?}");
    }
}

pub(crate) async fn only_finished_builds_are_removed(store: Arc<dyn Store>) {
    let waiting = create(&store, "app", 1).await;
    let (finished, _) = fail(&store, "app", 2).await;
    let effects = [Effect::DropLogs { build: finished.spec.id.clone() }, Effect::Match];
    assert!(!store.remove(&waiting.spec.id, &effects).await.unwrap());
    assert!(!store.remove(&id("app", 3), &effects).await.unwrap());
    let before = store.pending(0, 9).await.unwrap().len();
    assert!(store.remove(&finished.spec.id, &effects).await.unwrap());
    assert_eq!(store.get(&finished.spec.id).await.unwrap(), None);
    let pending = store.pending(0, 9).await.unwrap();
    assert_eq!((pending.len(), &pending[before].effect), (before + 1, &effects[0]), "durable ones of the one removed");
    let ids = store.ids(&IdQuery { limit: 9, ..IdQuery::default() }).await.unwrap();
    assert_eq!(ids.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), [waiting.spec.id]);
    assert_eq!(create(&store, "app", 4).await.spec.build_number, 3, "numbers do not return");
}

pub(crate) async fn builds_are_read_together(store: Arc<dyn Store>) {
    let mut made = Vec::new();
    for number in 0..3 {
        made.push(create(&store, "app", number).await);
    }
    let ids = [id("app", 2), id("app", 9), id("other", 1), id("app", 0), id("app", 2)];
    let mut found = store.get_many(&ids).await.unwrap();
    found.sort_by_key(|build| build.spec.build_number);
    assert_eq!(found, [made[0].clone(), made[2].clone()]);
    assert_eq!(store.get_many(&[]).await.unwrap(), []);
}
