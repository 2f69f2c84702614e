//! Numbers that look random and are the same for a seed on every machine and in every version: results that are told
//! have to be found again.

/// A sequence after Steele, Lea and Flood's SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Milliseconds around a median, log-normal: most are near it, a few are several times as long.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "hours fit"
    )]
    pub(crate) fn around(&mut self, median_ms: u64, spread: f64) -> u64 {
        // Box and Muller; 1 - share is never 0.
        let normal = (-2.0 * (1.0 - self.share()).ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos();
        (median_ms as f64 * (spread * normal).exp()) as u64
    }

    /// Milliseconds to the next of events that come independently, `per_hour` of them.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hours fit")]
    pub(crate) fn gap(&mut self, per_hour: f64) -> u64 {
        (-(1.0 - self.share()).ln() * 3_600_000.0 / per_hour) as u64
    }
}
