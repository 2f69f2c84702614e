//! Which traces are sent. Pure; the same for the same trace wherever the ratio is the same, so that coordinator and
//! agent send the same builds.

use crate::TraceId;

/// Whether a trace is among so many of all.
pub(crate) fn is_sampled(trace: TraceId, ratio: f64) -> bool {
    // The last 56 bits of a UUID are random; those before hold its variant.
    let [.., a, b, c, d, e, f, g] = trace.0;
    let random = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
    (random as f64) < ratio * (1_u64 << 56) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn as_many_are_sampled_as_asked_for() {
        let traces: Vec<_> = (0..10_000_u32)
            .map(|number| Uuid::new_v5(&Uuid::nil(), &number.to_be_bytes()))
            .map(|uuid| TraceId::of_request(uuid::Builder::from_random_bytes(uuid.into_bytes()).into_uuid()))
            .collect();
        let sampled = |ratio| traces.iter().filter(|trace| is_sampled(**trace, ratio)).count();
        assert_eq!((sampled(0.0), sampled(1.0)), (0, 10_000));
        for (ratio, expected) in [(0.1, 1_000), (0.5, 5_000), (0.9, 9_000)] {
            assert!(sampled(ratio).abs_diff(expected) < 200, "{ratio}: {}", sampled(ratio));
        }
    }
}
