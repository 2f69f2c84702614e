//! Remembers: builds, the queue, agents, the outbox. The store knows no rules: `scheduler` makes a step, `service`
//! commits it here by optimistic version. `memory` is the reference model, `sqlite` the default; one conformance
//! suite holds for both. What is answered as done is on disk (fsynced).

mod document;
mod idempotency;
pub mod memory;
pub mod roles;
pub mod sqlite;

pub use document::{Change, Document, DocumentKind, Expected};
pub use memory::Memory;
pub use roles::{
    AgentRecord, Agents, Builds, Created, Documents, Draft, Error, IdQuery, ListQuery, Order, Outbox, OutboxEntry,
    Queue, Store,
};
pub use sqlite::Sqlite;

#[cfg(test)]
mod conformance;
