//! Tells the supervisor, and the build's trace, how far a build is. Progress that follows quickly is told once: short builds cost the
//! coordinator two messages, not twenty.

use super::Reports;
use super::trace::Trace;
use crate::report::{Finished, Snapshot};
use buildyard_model::LeaseToken;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How long a snapshot may wait for the next one.
const GATHER: Duration = Duration::from_millis(100);

/// What a build tells.
#[derive(Debug)]
pub(crate) enum Report {
    Progress(Snapshot),
    Finished(Box<Finished>),
    /// Its sandbox is gone.
    Freed,
}

/// Tells it.
#[derive(Debug)]
pub(super) struct Teller {
    lease: LeaseToken,
    reports: Reports,
    trace: Trace,
    newest: watch::Sender<Snapshot>,
    urgent: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Teller {
    pub(super) fn start(lease: LeaseToken, reports: Reports, trace: Trace) -> Self {
        let (newest, gathered) = watch::channel(Snapshot::default());
        let urgent = Arc::new(Notify::new());
        let task = tokio::spawn(gather(gathered, urgent.clone(), lease.clone(), reports.clone()));
        Self { lease, reports, trace, newest, urgent, task }
    }

    /// Within a moment.
    pub(super) fn soon(&self, snapshot: Snapshot) {
        self.trace.phases(&snapshot.phases);
        self.newest.send_replace(snapshot);
    }

    /// At once.
    pub(super) fn now(&self, snapshot: Snapshot) {
        self.soon(snapshot);
        self.urgent.notify_one();
    }

    /// The result; no progress follows.
    pub(super) async fn finished(&self, finished: Finished) {
        self.task.abort();
        self.send(Report::Finished(Box::new(finished))).await;
    }

    pub(super) async fn freed(&self) {
        self.send(Report::Freed).await;
    }

    async fn send(&self, report: Report) {
        // Fails only when the agent ends; the next process finds it on disk.
        let _ = self.reports.send((self.lease.clone(), report)).await;
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn gather(mut newest: watch::Receiver<Snapshot>, urgent: Arc<Notify>, lease: LeaseToken, reports: Reports) {
    while newest.changed().await.is_ok() {
        let _ = tokio::time::timeout(GATHER, urgent.notified()).await;
        let snapshot = newest.borrow_and_update().clone();
        if reports.send((lease.clone(), Report::Progress(snapshot))).await.is_err() {
            return;
        }
    }
}
