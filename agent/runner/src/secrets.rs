//! The secrets of a build: read once from a file in memory, which is then removed.

use crate::failure::Failure;
use std::collections::BTreeMap;
use std::path::Path;

/// Values by variable name. Never printed: it has no `Debug` of its contents.
#[derive(Clone, Default)]
pub(crate) struct Secrets(pub(crate) BTreeMap<String, String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    /// Reads and removes the file. A secret that cannot be removed must not be worked with.
    pub(crate) fn take(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::default()) };
        let failed = |what: &str, error: &dyn std::fmt::Display| Failure::Plan(format!("{what} secrets: {error}"));
        let text = std::fs::read(file).map_err(|error| failed("cannot read", &error))?;
        std::fs::remove_file(file).map_err(|error| failed("cannot remove", &error))?;
        // The parser's message could quote a value.
        let values = serde_json::from_slice(&text).map_err(|_| failed("cannot parse", &"no JSON object of texts"))?;
        Ok(Self(values))
    }

    pub(crate) fn holds(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
