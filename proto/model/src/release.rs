//! Which releases work together: agents may be one minor release older or newer than their coordinator.

use serde::{Deserialize, Serialize};

/// How an agent's release stands to its coordinator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Skew {
    /// Older, and works.
    Older,
    /// Newer, and works.
    Newer,
    /// Older by more than one minor release, or of an earlier major: refused.
    TooOld,
    /// Newer by more than one minor release, or of a later major: refused.
    TooNew,
}

impl Skew {
    /// How `other` stands to `own`. None where they are the same release, and where one of them is no release's
    /// number: then the protocol's version alone decides.
    pub fn between(own: &str, other: &str) -> Option<Self> {
        let ((own_major, own_minor, own_patch), (major, minor, patch)) = (numbers(own)?, numbers(other)?);
        if (major, minor, patch) == (own_major, own_minor, own_patch) {
            return None;
        }
        let works = major == own_major && minor.abs_diff(own_minor) <= 1;
        Some(match ((major, minor, patch) < (own_major, own_minor, own_patch), works) {
            (true, true) => Self::Older,
            (false, true) => Self::Newer,
            (true, false) => Self::TooOld,
            (false, false) => Self::TooNew,
        })
    }

    /// Whether the two do not work together.
    pub fn is_too_much(self) -> bool {
        matches!(self, Self::TooOld | Self::TooNew)
    }
}

/// `<major>.<minor>.<patch>`, with or without a pre-release or build behind it.
fn numbers(text: &str) -> Option<(u64, u64, u64)> {
    let core = text.split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|part| part.parse::<u64>().ok());
    let numbers = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_minor_release_apart_works_and_two_do_not() {
        let cases = [
            ("0.3.0", "0.3.0", None),
            ("0.3.0", "0.3.7", Some(Skew::Newer)),
            ("0.3.0", "0.2.9", Some(Skew::Older)),
            ("0.3.0", "0.4.0-rc.1", Some(Skew::Newer)),
            ("0.3.0", "0.1.9", Some(Skew::TooOld)),
            ("0.3.0", "0.5.0", Some(Skew::TooNew)),
            ("1.0.0", "0.9.0", Some(Skew::TooOld)),
            ("1.0.0", "2.0.0", Some(Skew::TooNew)),
            ("1.0.0", "a branch", None),
            ("1.0.0", "1", None),
        ];
        for (own, other, skew) in cases {
            assert_eq!(Skew::between(own, other), skew, "{own} and {other}");
        }
    }
}
