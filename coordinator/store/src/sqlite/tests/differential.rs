//! SQLite against the reference model: whatever is done to both, both say the same.

use super::*;
use crate::Memory;
use crate::conformance::sample::{agent, failed};
use crate::roles::{Draft, ListQuery};
use buildyard_model::Timestamp;
use buildyard_scheduler::{Build, Event, Step, apply};
use proptest::prelude::*;
use proptest::sample::Index;

const PROJECTS: [&str; 2] = ["app", "other"];

#[derive(Debug, Clone)]
enum Deed {
    Create {
        project: usize,
        number: u64,
        priority: i32,
        token: Option<(u8, u8)>,
        entry: Option<Index>,
        limit: Option<u64>,
    },
    /// Applied to what is stored, and committed.
    Lease(Index),
    Expire(Index),
    Stop(Index),
    Fail(Index),
    /// Commits the last step again, with the version changed by so much.
    Replay(u64),
    Done(Index),
    Later(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let index = any::<Index>;
    let token = prop::option::of((0u8..3, 0u8..2));
    let limit = prop::option::weighted(0.3, 0u64..4);
    let entry = prop::option::weighted(0.2, index());
    prop_oneof![
        5 => (0..PROJECTS.len(), 0u64..40, -1i32..2, token, entry, limit).prop_map(|(project, number, priority, token, entry, limit)| {
            Deed::Create { project, number: number << 24 | number, priority, token, entry, limit }
        }),
        4 => index().prop_map(Deed::Lease),
        1 => index().prop_map(Deed::Expire),
        1 => index().prop_map(Deed::Stop),
        3 => index().prop_map(Deed::Fail),
        1 => (0u64..3).prop_map(Deed::Replay),
        1 => index().prop_map(Deed::Done),
        1 => (0i64..200_000).prop_map(Deed::Later),
    ]
}

struct Pair {
    model: Arc<dyn Store>,
    store: Arc<dyn Store>,
    ids: Vec<buildyard_model::BuildId>,
    last: Option<Step>,
    now: i64,
}

impl Pair {
    async fn run(&mut self, deed: Deed) {
        match deed {
            Deed::Create { project, number, priority, token, entry, limit } => {
                let mut draft = draft(PROJECTS[project], number);
                draft.spec.priority = priority;
                draft.spec.submitted_at = Timestamp(self.now);
                draft.idempotency = token.map(|(token, hash)| (token.to_string(), hash.to_string()));
                draft.outbox_entry = entry.map(|entry| entry.index(8) as u64 + 1);
                draft.limit = limit;
                self.create(draft).await;
            }
            Deed::Lease(which) => self.apply(which, |_| Some(Event::Lease { agent: agent() })).await,
            Deed::Expire(which) => self.apply(which, |_| Some(Event::OfferExpired)).await,
            Deed::Stop(which) => self.apply(which, |_| Some(Event::Stop)).await,
            Deed::Fail(which) => {
                if let Some(build) = self.any(which).await.filter(|build| build.state.lease().is_some()) {
                    self.commit(failed(&build)).await;
                }
            }
            Deed::Replay(by) => {
                if let Some(mut step) = self.last.clone() {
                    step.build.version = (step.build.version + by).saturating_sub(1);
                    self.commit(step).await;
                }
            }
            Deed::Done(which) => {
                let id = which.index(8) as u64 + 1;
                self.model.done(id).await.unwrap();
                self.store.done(id).await.unwrap();
            }
            Deed::Later(by) => self.now += by,
        }
    }

    async fn create(&mut self, draft: Draft) {
        let id = draft.spec.id.clone();
        let (model, store) = (self.model.create(draft.clone()).await, self.store.create(draft).await);
        match (&model, &store) {
            (Err(Error::Failed(_)), Err(Error::Failed(_))) => {}
            _ => assert_eq!(format!("{model:?}"), format!("{store:?}")),
        }
        if model.is_ok_and(|created| !created.existed) {
            self.ids.push(id);
        }
    }

    async fn any(&self, which: Index) -> Option<Build> {
        let id = (!self.ids.is_empty()).then(|| which.get(&self.ids))?;
        self.model.get(id).await.unwrap()
    }

    async fn apply(&mut self, which: Index, event: impl Fn(&Build) -> Option<Event>) {
        let Some(build) = self.any(which).await else { return };
        if let Some(Ok(step)) = event(&build).map(|event| apply(&build, event, Timestamp(self.now))) {
            self.commit(step).await;
        }
    }

    async fn commit(&mut self, step: Step) {
        let (model, store) = (self.model.commit(&step).await, self.store.commit(&step).await);
        assert_eq!(format!("{model:?}"), format!("{store:?}"));
        self.last = Some(step);
    }

    /// Both give the same answers.
    async fn compare(&self) {
        let (model, store) = (&self.model, &self.store);
        assert_eq!(model.waiting(0, 100).await.unwrap(), store.waiting(0, 100).await.unwrap());
        assert_eq!(model.waiting(2, 3).await.unwrap(), store.waiting(2, 3).await.unwrap());
        assert_eq!(model.active().await.unwrap(), store.active().await.unwrap());
        assert_eq!(model.depth().await.unwrap(), store.depth().await.unwrap());
        assert_eq!(model.pending(0, 5).await.unwrap(), store.pending(0, 5).await.unwrap());
        for now in [self.now, self.now + 500_000, self.now + 700_000] {
            assert_eq!(model.overdue(Timestamp(now)).await.unwrap(), store.overdue(Timestamp(now)).await.unwrap());
        }
        for project in [None, Some(PROJECTS[0].parse().unwrap())] {
            for after in [None, self.ids.first().cloned(), self.ids.last().cloned()] {
                let query = ListQuery { project: project.clone(), limit: 10, after };
                assert_eq!(model.list(&query).await.unwrap(), store.list(&query).await.unwrap());
            }
            for prefix in ["", "0", "1", "2500"] {
                let (one, other) = (model.find(project.as_ref(), prefix, 3), store.find(project.as_ref(), prefix, 3));
                assert_eq!(one.await.unwrap(), other.await.unwrap());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn sqlite_does_as_the_reference_model(deeds in prop::collection::vec(deed(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_dir, store) = open().await;
            let mut pair = Pair { model: Arc::new(Memory::new()), store, ids: Vec::new(), last: None, now: 1_000_000 };
            for deed in deeds {
                pair.run(deed).await;
            }
            pair.compare().await;
        });
    }
}
