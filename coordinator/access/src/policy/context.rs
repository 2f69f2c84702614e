//! What is known of a request beside action and resource: condition keys and their values.

use buildyard_model::Timestamp;
use std::collections::BTreeMap;

/// Condition keys, compared without regard to case, and their values. A key without values counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value to a key: once for `aws:username` or `aws:SourceIp`, several times for `aws:TagKeys`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.entry(key.to_lowercase()).or_default().push(value.into());
        self
    }

    /// Sets `aws:CurrentTime` and `aws:EpochTime`.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.0.insert("aws:currenttime".into(), vec![now.to_rfc3339()]);
        self.0.insert("aws:epochtime".into(), vec![now.0.div_euclid(1000).to_string()]);
        self
    }

    /// The values of a key in lower case; `None` when there are none.
    pub(super) fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(key).map(Vec::as_slice).filter(|values| !values.is_empty())
    }
}
