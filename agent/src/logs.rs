//! Sends a build's log to the coordinator: one stream per build, by byte offset, from what is acknowledged on.
//!
//! Owns: the stream, its window and flushes, going on after a break. The journals on disk are what is sent again, so
//! nothing is lost with a connection or with this process; a build never waits for it.

mod ahead;
mod pump;
mod spool;

pub(crate) use spool::Parts;

use crate::bell::Bell;
use crate::retry::Redial;
use crate::uplink::Uplink;
use buildyard_model::{LeaseToken, LogOffset};
use pump::{Broken, Pump};
use rand::Rng;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout;

/// Which journals nobody writes to any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sealed {
    pub intro: bool,
    pub journal: bool,
    pub outro: bool,
}

/// How far the log is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Storage holds everything before.
    pub committed: LogOffset,
    /// The whole log's length, once known.
    pub total: Option<LogOffset>,
    /// The lease is not good for this log any more.
    pub stale: bool,
    /// Why nothing is stored at the moment.
    pub trouble: Option<String>,
}

impl Standing {
    /// Whether storage holds the whole log.
    pub(crate) fn is_whole(&self) -> bool {
        self.total.is_some_and(|total| self.committed >= total)
    }
}

/// A build's log on its way.
#[derive(Debug)]
pub(crate) struct LogStream {
    seals: watch::Sender<Sealed>,
    bell: Bell,
    standing: watch::Receiver<Standing>,
    task: tokio::task::JoinHandle<()>,
}

impl LogStream {
    /// Begins to send what is in `parts`, and what comes.
    pub(crate) fn start(uplink: Uplink, lease: LeaseToken, parts: Parts, bell: Bell) -> Self {
        let (seals, sealed) = watch::channel(Sealed::default());
        let (tell, standing) = watch::channel(Standing::default());
        let pump = Pump { uplink, lease, parts, bell: bell.clone(), sealed, tell, marks: VecDeque::new() };
        let task = tokio::spawn(run(pump));
        Self { seals, bell, standing, task }
    }

    /// Says that a journal is complete.
    pub(crate) fn seal(&self, change: impl FnOnce(&mut Sealed)) {
        self.seals.send_modify(change);
        self.bell.ring();
    }

    /// Waits until storage holds the whole log, the lease is found stale, or nothing was stored for `patience` while
    /// the coordinator was `online`.
    pub(crate) async fn settle(&mut self, patience: Duration, online: watch::Receiver<bool>) -> Standing {
        loop {
            let now = self.standing.borrow_and_update().clone();
            if now.is_whole() || now.stale {
                return now;
            }
            let further = self
                .standing
                .wait_for(|standing| standing.stale || standing.is_whole() || standing.committed > now.committed);
            let changed = tokio::select! {
                changed = further => changed.is_ok(),
                () = over(patience, online.clone()) => false,
            };
            if !changed {
                return self.standing.borrow().clone();
            }
        }
    }
}

/// Ends when the coordinator was there for `patience` without a break.
async fn over(patience: Duration, mut online: watch::Receiver<bool>) {
    loop {
        if online.wait_for(|online| *online).await.is_err() {
            return std::future::pending().await;
        }
        if timeout(patience, online.wait_for(|online| !*online)).await.is_err() {
            return;
        }
    }
}

impl Drop for LogStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One stream after the other until the log is stored.
async fn run(mut pump: Pump) {
    let mut redial = Redial::default();
    loop {
        let began = Instant::now();
        match pump.stream().await {
            Ok(()) => return,
            Err(Broken::Stale(reason)) => {
                tracing::info!(%reason, "the coordinator takes no more log for this lease");
                return pump.stale();
            }
            Err(Broken::Passing(reason)) => {
                tracing::debug!(%reason, "log stream broken, going on where storage stands");
                pump.trouble(reason);
                let chance = rand::rng().random::<f64>();
                // A log is one of many streams on a connection that has its own wait: it may be quicker.
                tokio::time::sleep(redial.wait(began.elapsed(), chance).min(Duration::from_secs(5))).await;
            }
        }
    }
}
