//! Agents.

use crate::roles::{AgentRecord, Store};
use buildyard_model::{Architecture, Capacity, Resources, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

fn record(name: &str) -> AgentRecord {
    AgentRecord {
        name: name.parse().unwrap(),
        credential_sha256: "00ff".to_owned(),
        version: "0.1.0".to_owned(),
        capacity: None,
        draining: false,
        withdrawal: None,
        enrolled_at: Timestamp(1),
        last_seen: Timestamp(2),
    }
}

pub(crate) async fn agents_are_remembered_replaced_and_forgotten(store: Arc<dyn Store>) {
    for name in ["b2", "a1", "B1"] {
        store.put_agent(&record(name)).await.unwrap();
    }
    let mut changed = record("a1");
    changed.draining = true;
    changed.capacity = Some(Capacity {
        slots: 4,
        resources: Resources { vcpu: 8, memory_mib: 16_384 },
        architecture: Architecture::X86_64,
        labels: BTreeMap::from([("zone".to_owned(), "x".to_owned())]),
        privileged: true,
        local_source: false,
        executor: "docker".to_owned(),
        fleet: None,
    });
    store.put_agent(&changed).await.unwrap();
    assert_eq!(store.agent(&changed.name).await.unwrap(), Some(changed.clone()));
    assert_eq!(store.agents().await.unwrap(), [record("B1"), changed.clone(), record("b2")]);
    store.remove_agent(&changed.name).await.unwrap();
    store.remove_agent(&changed.name).await.unwrap();
    assert_eq!(store.agent(&changed.name).await.unwrap(), None);
    assert_eq!(store.agents().await.unwrap().len(), 2);
}
