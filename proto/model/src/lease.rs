//! The right to run an attempt, as it travels with every message about a build.

use crate::id::BuildId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names one grant of one attempt of a build. It is compared wherever a message has an effect:
/// a phase, a log append, an artifact commit, a result. Only the newest epoch is obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeaseToken {
    /// The build.
    pub build: BuildId,
    /// Which try to run it, from 1.
    pub attempt: u32,
    /// Rises with every grant of the build, from 1.
    pub epoch: u64,
}

impl LeaseToken {
    /// `<uuid>.<epoch>`: short, unique, safe as a file, container or label name.
    pub fn slug(&self) -> String {
        format!("{}.{}", self.build.uuid(), self.epoch)
    }
}

impl fmt::Display for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} attempt {} epoch {}", self.build, self.attempt, self.epoch)
    }
}
