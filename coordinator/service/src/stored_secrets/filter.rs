//! Filters over secrets, as ListSecrets takes them. Pure.

use super::record::SecretRecord;

/// A filter: one of its values must be found, or with `!` before it must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFilter {
    /// `name`, `description`, `tag-key`, `tag-value`, `primary-region`, `owning-service` or `all`.
    pub key: String,
    pub values: Vec<String>,
}

/// Whether all filters let a secret pass.
pub(super) fn passes(filters: &[SecretFilter], record: &SecretRecord) -> bool {
    filters.iter().all(|filter| filter.values.iter().any(|value| one_passes(&filter.key, value, record)))
}

fn one_passes(key: &str, value: &str, record: &SecretRecord) -> bool {
    match value.strip_prefix('!') {
        Some(value) => !found(key, value, record),
        None => found(key, value, record),
    }
}

/// Names, keys and values of tags match by their beginnings and by case; descriptions by the beginnings of words,
/// whatever the case.
fn found(key: &str, value: &str, record: &SecretRecord) -> bool {
    match key {
        "name" => record.name.starts_with(value),
        "description" => words(record.description.as_deref().unwrap_or_default(), value),
        "tag-key" => record.tags.keys().any(|key| key.starts_with(value)),
        "tag-value" => record.tags.values().any(|one| one.starts_with(value)),
        "all" => {
            let tags = record.tags.iter().flat_map(|(key, value)| [key.as_str(), value]);
            let texts = [record.name.as_str(), record.description.as_deref().unwrap_or_default()];
            texts.into_iter().chain(tags).any(|text| words(text, value))
        }
        // Nothing here is replicated or belongs to a service.
        _ => false,
    }
}

fn words(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.to_lowercase(), wanted.to_lowercase());
    let separate = |c: char| !c.is_alphanumeric();
    let mut words = text.split(separate).filter(|word| !word.is_empty());
    text.starts_with(&wanted) || words.any(|word| word.starts_with(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_match_by_words() {
        assert!(words("The Main database", "data") && words("prod/db", "db") && words("a b", "A B"));
        assert!(!words("The database", "base"));
    }
}
