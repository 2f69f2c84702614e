//! Conditional requests, decided. Pure; RFC 9110 section 13 and Amazon S3, "Conditional requests".

use super::entry::Entry;

/// An `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    Any,
    /// Without quotes.
    Value(String),
}

impl Tag {
    fn matches(&self, entry: &Entry) -> bool {
        match self {
            Self::Any => true,
            Self::Value(value) => *value == entry.etag,
        }
    }
}

/// What the client makes its request depend on. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Conditions {
    pub(crate) matches: Option<Tag>,
    pub(crate) differs: Option<Tag>,
    pub(crate) modified_since: Option<i64>,
    pub(crate) unmodified_since: Option<i64>,
}

/// What becomes of a conditional read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    NotModified,
    Failed,
}

impl Conditions {
    /// For a read of an object that is there.
    pub(crate) fn read(&self, entry: &Entry) -> Verdict {
        let modified = entry.modified_ms.div_euclid(1000);
        let fresh = match (&self.matches, self.unmodified_since) {
            (Some(tag), _) => tag.matches(entry),
            (None, Some(time)) => modified <= time,
            (None, None) => true,
        };
        if !fresh {
            return Verdict::Failed;
        }
        let known = match (&self.differs, self.modified_since) {
            (Some(tag), _) => tag.matches(entry),
            (None, Some(time)) => modified <= time,
            (None, None) => false,
        };
        if known { Verdict::NotModified } else { Verdict::Go }
    }

    /// Whether a write over what is there may go on.
    pub(crate) fn write(&self, current: Option<&Entry>) -> bool {
        let matches = self.matches.as_ref().is_none_or(|tag| current.is_some_and(|entry| tag.matches(entry)));
        let differs = self.differs.as_ref().is_none_or(|tag| !current.is_some_and(|entry| tag.matches(entry)));
        matches && differs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let attributes = super::super::entry::Attributes::default();
        Entry { size: 1, etag: "e".into(), modified_ms: 10_500, attributes, checksum: None, blob: None, upload: None }
    }

    fn value(tag: &str) -> Option<Tag> {
        Some(Tag::Value(tag.into()))
    }

    #[test]
    fn reads_follow_the_order_of_rfc_9110() {
        let none = Conditions::default();
        for (conditions, verdict) in [
            (none.clone(), Verdict::Go),
            (Conditions { matches: value("x"), ..none.clone() }, Verdict::Failed),
            (Conditions { matches: value("e"), unmodified_since: Some(1), ..none.clone() }, Verdict::Go),
            (Conditions { unmodified_since: Some(9), ..none.clone() }, Verdict::Failed),
            (Conditions { unmodified_since: Some(10), ..none.clone() }, Verdict::Go),
            (Conditions { differs: value("e"), ..none.clone() }, Verdict::NotModified),
            (Conditions { differs: value("x"), modified_since: Some(99), ..none.clone() }, Verdict::Go),
            (Conditions { modified_since: Some(10), ..none.clone() }, Verdict::NotModified),
            (Conditions { modified_since: Some(9), ..none }, Verdict::Go),
        ] {
            assert_eq!(conditions.read(&entry()), verdict, "{conditions:?}");
        }
    }

    #[test]
    fn a_write_if_none_match_star_is_only_for_an_absent_object() {
        let absent = Conditions { differs: Some(Tag::Any), ..Conditions::default() };
        assert!(absent.write(None) && !absent.write(Some(&entry())));
        let same = Conditions { matches: value("e"), ..Conditions::default() };
        assert!(!same.write(None) && same.write(Some(&entry())));
    }
}
