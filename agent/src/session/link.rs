//! The stream as the session sees it: down, opening or up; when a heartbeat is due; how long contact has been lost.

use buildyard_proto::v1;
use std::time::Duration;

/// How long the coordinator may take to answer Hello.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);
/// Until a Welcome has said otherwise (reliability 2.2: HB, OFFLINE).
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);
const OFFLINE_LIMIT: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy)]
enum Standing {
    Down,
    Opening { since: Duration },
    Up { next_beat: Duration },
}

/// The stream's standing.
#[derive(Debug)]
pub(super) struct Link {
    standing: Standing,
    heartbeat_every: Duration,
    offline_limit: Duration,
    /// Since when there is no contact; `None` while there is, and once its consequence was drawn.
    offline_since: Option<Duration>,
    /// Largest number received on this stream.
    received: u64,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            standing: Standing::Down,
            heartbeat_every: HEARTBEAT_EVERY,
            offline_limit: OFFLINE_LIMIT,
            offline_since: Some(Duration::ZERO),
            received: 0,
        }
    }
}

impl Link {
    pub(super) fn is_up(&self) -> bool {
        matches!(self.standing, Standing::Up { .. })
    }

    pub(super) fn opened(&mut self, now: Duration) {
        self.lose_contact(now);
        self.standing = Standing::Opening { since: now };
        self.received = 0;
    }

    pub(super) fn closed(&mut self, now: Duration) {
        self.lose_contact(now);
        self.standing = Standing::Down;
    }

    fn lose_contact(&mut self, now: Duration) {
        if self.is_up() {
            self.offline_since = Some(now);
        }
    }

    pub(super) fn welcomed(&mut self, welcome: &v1::Welcome, now: Duration) {
        let or = |ms: u32, default| if ms == 0 { default } else { Duration::from_millis(ms.into()) };
        self.heartbeat_every = or(welcome.heartbeat_every_ms, HEARTBEAT_EVERY);
        self.offline_limit = or(welcome.offline_limit_ms, OFFLINE_LIMIT);
        self.offline_since = None;
        self.standing = Standing::Up { next_beat: now };
    }

    /// Whether a numbered message has not been acted on yet; remembers it.
    pub(super) fn is_new(&mut self, number: u64) -> bool {
        let new = number > self.received;
        self.received = self.received.max(number);
        new
    }

    pub(super) fn beat_is_due(&self, now: Duration) -> bool {
        matches!(self.standing, Standing::Up { next_beat } if next_beat <= now)
    }

    pub(super) fn beaten(&mut self, now: Duration) {
        if let Standing::Up { next_beat } = &mut self.standing {
            *next_beat = now + self.heartbeat_every;
        }
    }

    /// What to complain of when the coordinator does not answer.
    pub(super) fn overdue(&mut self, now: Duration) -> Option<String> {
        match self.standing {
            Standing::Opening { since } if now >= since + WELCOME_WITHIN => {
                self.standing = Standing::Down;
                Some(format!("the coordinator did not answer Hello within {} s", WELCOME_WITHIN.as_secs()))
            }
            _ => None,
        }
    }

    /// The offline limit, once, when it has passed.
    pub(super) fn offline_too_long(&mut self, now: Duration) -> Option<Duration> {
        let since = self.offline_since?;
        (now >= since + self.offline_limit).then(|| {
            self.offline_since = None;
            self.offline_limit
        })
    }

    pub(super) fn next_wake(&self) -> Option<Duration> {
        let own = match self.standing {
            Standing::Down => None,
            Standing::Opening { since } => Some(since + WELCOME_WITHIN),
            Standing::Up { next_beat } => Some(next_beat),
        };
        let offline = self.offline_since.map(|since| since + self.offline_limit);
        [own, offline].into_iter().flatten().min()
    }
}
