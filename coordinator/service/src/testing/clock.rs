//! Clocks for tests: the runtime's own time as a wall clock (with a paused runtime, sleeps and the clock go on together
//! and at once), and one that a test sets.

use buildyard_model::{Clock, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// When these clocks start.
pub(crate) const EPOCH: Timestamp = Timestamp(1_700_000_000_000);

#[derive(Debug)]
pub(crate) struct RuntimeClock(Instant);

impl RuntimeClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        EPOCH.plus(self.0.elapsed())
    }
}

/// Stands still until it is set forward.
#[derive(Debug)]
pub(crate) struct Hands(AtomicI64);

impl Hands {
    pub(crate) fn still() -> Self {
        Self(AtomicI64::new(EPOCH.0))
    }

    pub(crate) fn forward(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
