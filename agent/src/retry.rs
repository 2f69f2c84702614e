//! The agent's retry policies, in one place. Which errors are worth another try is decided where they are known.

use backon::ExponentialBuilder;
use std::time::Duration;

/// Calls to the coordinator that a build waits for: about two minutes of outage are ridden out.
pub(crate) fn of_calls() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(10))
        .with_max_times(20)
        .with_jitter()
}

/// Removing what a build left: for ever, as a slot hangs on it.
pub(crate) fn of_removal() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .with_jitter()
}

/// Whether a call may do better the next time.
pub(crate) fn is_passing(status: &tonic::Status) -> bool {
    use tonic::Code;
    matches!(
        status.code(),
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Cancelled
            | Code::Unknown
    )
}

/// The wait before the next dial: full jitter, 0–2 s first, doubling to 30 s; begins anew after a good connection
/// (reliability 4.6). Never gives up.
#[derive(Debug, Default)]
pub(crate) struct Redial {
    failures: u32,
}

impl Redial {
    const FIRST: Duration = Duration::from_secs(2);
    const LARGEST: Duration = Duration::from_secs(30);
    /// A connection that lasted so long was good.
    const GOOD: Duration = Duration::from_secs(60);

    /// How long to wait, given how long the last connection lasted and `chance` in 0..1.
    pub(crate) fn wait(&mut self, lasted: Duration, chance: f64) -> Duration {
        if lasted >= Self::GOOD {
            self.failures = 0;
        }
        let ceiling = Self::FIRST.saturating_mul(1 << self.failures.min(5)).min(Self::LARGEST);
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_thirty_seconds_and_begin_anew_after_a_good_minute() {
        let mut redial = Redial::default();
        let waits: Vec<_> = (0..6).map(|_| redial.wait(Duration::ZERO, 1.0).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 30, 30]);
        assert_eq!(redial.wait(Duration::from_secs(60), 0.5), Duration::from_secs(1));
    }
}
