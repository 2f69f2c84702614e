//! How often and how long the agent tries again: every policy of this crate, in one place.
//!
//! Delays are exponential with full jitter (anything between nothing and the step), so that many agents that lost the
//! same storage do not come back at the same moment. The end is a deadline, not a count.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;
use tokio::time::Instant;

/// The step of the first repetition.
const FIRST: Duration = Duration::from_millis(200);
/// Steps do not grow beyond this.
const LONGEST: Duration = Duration::from_secs(20);
/// A server may ask for a longer pause, up to this.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// The pauses before repeating a request to storage or to the coordinator: endless until `deadline`.
pub fn until(deadline: Instant) -> impl Iterator<Item = Duration> + Send + Sync + Unpin {
    let steps = ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(LONGEST).without_max_times().build();
    steps.map(|step| step.mul_f64(rand::random::<f64>())).map_while(move |pause| within(pause, deadline))
}

/// What a server's `Retry-After` makes of a pause.
pub(crate) fn respecting(asked: Option<Duration>, pause: Duration, deadline: Instant) -> Option<Duration> {
    within(asked.map_or(pause, |asked| pause.max(asked.min(LONGEST_ASKED))), deadline)
}

fn within(pause: Duration, deadline: Instant) -> Option<Duration> {
    (Instant::now() + pause < deadline).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_limit_and_differ() {
        let deadline = Instant::now() + Duration::from_secs(3600);
        let pauses: Vec<_> = until(deadline).take(200).collect();
        assert_eq!(pauses.len(), 200);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST));
        assert!(pauses.iter().any(|pause| *pause > LONGEST / 2));
        assert!(pauses[0] <= FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_tried_behind_the_deadline() {
        let deadline = Instant::now() + Duration::from_secs(1);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(until(deadline).next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_may_ask_for_a_longer_pause_within_reason() {
        let deadline = Instant::now() + Duration::from_secs(3600);
        let seconds = Duration::from_secs;
        assert_eq!(respecting(Some(seconds(7)), seconds(1), deadline), Some(seconds(7)));
        assert_eq!(respecting(Some(seconds(9999)), seconds(1), deadline), Some(LONGEST_ASKED));
        assert_eq!(respecting(None, seconds(1), deadline), Some(seconds(1)));
        assert_eq!(respecting(Some(seconds(7)), seconds(1), Instant::now()), None);
    }
}
