//! `[retention]`: how long is kept what builds leave in storage.

use super::ConfigError;
use buildyard_config::Span;
use buildyard_service::Retention;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// Nothing is kept for less: the end of a build is no reason to hide its log from who looks.
const SHORTEST: Duration = Duration::from_secs(3600);

/// A span such as `"90d"`, or `"forever"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Forever,
    For(Span),
}

impl Keep {
    fn time(self) -> Option<Duration> {
        match self {
            Self::Forever => None,
            Self::For(span) => Some(span.0),
        }
    }
}

impl From<Option<Duration>> for Keep {
    fn from(time: Option<Duration>) -> Self {
        time.map_or(Self::Forever, |time| Self::For(Span(time)))
    }
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "forever" {
            return Ok(Self::Forever);
        }
        let span = text.parse().map_err(|_| {
            serde::de::Error::custom(format!(
                "{text:?} is not a time to keep something: write a whole number with h or d, as in \"90d\", or \"forever\""
            ))
        })?;
        Ok(Self::For(span))
    }
}

/// The `[retention]` section. Times count from a build's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Logs of builds.
    pub logs: Keep,
    /// Local folders that clients uploaded as sources.
    pub sources: Keep,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        let retention = Retention::default();
        Self { logs: retention.logs.into(), sources: retention.sources.into() }
    }
}

impl RetentionConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, keep) in [("retention.logs", self.logs), ("retention.sources", self.sources)] {
            if keep.time().is_some_and(|time| time < SHORTEST) {
                return Err(ConfigError::invalid(key, "must be at least \"1h\", or \"forever\""));
            }
        }
        Ok(())
    }

    pub(crate) fn retention(&self) -> Retention {
        Retention { logs: self.logs.time(), sources: self.sources.time() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn times_have_units_or_are_for_ever() {
        let parse = |text: &str| buildyard_config::parse::<RetentionConfig>(Path::new("x"), text);
        let config = parse("logs = \"90d\"\nsources = \"forever\"").unwrap();
        let days = Duration::from_secs(90 * 24 * 3600);
        assert_eq!(config.retention(), Retention { logs: Some(days), sources: None });
        assert_eq!(parse("").unwrap().retention(), Retention::default());
        for wrong in ["logs = \"never\"", "logs = 90", "logs = \"90\""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let short = parse("sources = \"59m\"").unwrap().check().unwrap_err().to_string();
        assert_eq!(short, "retention.sources: must be at least \"1h\", or \"forever\"");
    }
}
