//! Where the documents of a parameter lie, and for which place a value is sealed.

/// Before the keys of past versions; no name begins with it, and it comes before every name.
const PAST: char = '!';
/// Comes behind every past version and before every name.
pub(super) const BEFORE_NAMES: &str = "\"";

/// Whether a text can be a parameter's name, and not the key of a past version.
pub(super) fn can_be_name(text: &str) -> bool {
    !text.starts_with(PAST)
}

/// The key of a past version.
pub(super) fn past_key(name: &str, version: u64) -> String {
    format!("{PAST}{name}:{version}")
}

/// The place a value is sealed for.
pub(super) fn sealed_place(name: &str, version: u64) -> String {
    format!("parameter/{name}:{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_versions_come_before_all_names() {
        assert!(past_key("zzz", 7).as_str() < BEFORE_NAMES);
        assert!([".a", "-a", "/a", "a", "0"].iter().all(|name| *name > BEFORE_NAMES));
    }
}
