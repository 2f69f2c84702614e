//! That a person takes an agent out of service for a while.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How far an agent is taken out of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WithdrawalKind {
    /// It is given no new builds; what it was offered and what it runs stays.
    Cordon,
    /// Offers are taken back too, and after the deadline the builds that it still has.
    Drain,
}

/// An agent's time out of service: what, by whom, since when, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    pub kind: WithdrawalKind,
    pub since: Timestamp,
    /// Who asked, as they call themselves; empty when they did not say.
    #[serde(default)]
    pub by: String,
    /// Why, in their words; may be empty.
    #[serde(default)]
    pub reason: String,
    /// When the builds that are left are taken from it; none: they may end in their own time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

impl Withdrawal {
    /// As a person reads it behind the agent's name: `is cordoned by ann: new kernel`.
    pub fn words(&self) -> String {
        let mut words = match self.kind {
            WithdrawalKind::Cordon => "is cordoned".to_owned(),
            WithdrawalKind::Drain if self.by.is_empty() => "is draining".to_owned(),
            WithdrawalKind::Drain => "is being drained".to_owned(),
        };
        if !self.by.is_empty() {
            words.push_str(" by ");
            words.push_str(&self.by);
        }
        if !self.reason.is_empty() {
            words.push_str(": ");
            words.push_str(&self.reason);
        }
        words
    }
}
