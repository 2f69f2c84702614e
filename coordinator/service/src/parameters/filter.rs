//! Filters over parameters, as SSM's operations take them. Pure.

use super::error::ParameterError;
use super::record::ParameterMetadata;

/// A filter as a client sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterFilter {
    /// `Name`, `Type`, `KeyId`, `Path`, `Tier`, `DataType`, `Label` or `tag:<key>`.
    pub key: String,
    /// `Equals`, `BeginsWith`, `Contains`; of a path `Recursive` or `OneLevel`.
    pub option: Option<String>,
    /// One of them must hold.
    pub values: Vec<String>,
}

/// Which keys an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Describe,
    ByPath,
}

/// Refuses filters that the operation does not know.
pub(super) fn check(filters: &[ParameterFilter], used: Use) -> Result<(), ParameterError> {
    for (at, filter) in filters.iter().enumerate() {
        let key = filter.key.as_str();
        let options: &[&str] = match (key, used) {
            ("Type" | "KeyId", _) | ("Label", Use::ByPath) => &["Equals", "BeginsWith"],
            ("Name", Use::Describe) => &["Equals", "BeginsWith", "Contains"],
            ("Path", Use::Describe) => &["Recursive", "OneLevel"],
            ("Tier" | "DataType", Use::Describe) => &["Equals"],
            (tag, Use::Describe) if tag.starts_with("tag:") => &["Equals"],
            _ => return Err(ParameterError::FilterKey(key.to_owned())),
        };
        if filters[..at].iter().any(|earlier| earlier.key == key) {
            return Err(ParameterError::FilterKey(key.to_owned()));
        }
        if let Some(option) = filter.option.as_deref().filter(|option| !options.contains(option)) {
            return Err(ParameterError::FilterOption { key: key.to_owned(), option: option.to_owned() });
        }
        let bad_path = key == "Path" && filter.values.iter().any(|value| !value.starts_with('/'));
        if bad_path || (filter.values.is_empty() && !key.starts_with("tag:")) {
            return Err(ParameterError::FilterValue(key.to_owned()));
        }
    }
    Ok(())
}

/// Whether all filters let a parameter pass.
pub(super) fn passes(filters: &[ParameterFilter], parameter: &ParameterMetadata) -> bool {
    filters.iter().all(|filter| one_passes(filter, parameter))
}

fn one_passes(filter: &ParameterFilter, parameter: &ParameterMetadata) -> bool {
    let option = filter.option.as_deref();
    if let Some(tag) = filter.key.strip_prefix("tag:") {
        let value = parameter.tags.get(tag);
        return value.is_some_and(|value| filter.values.is_empty() || filter.values.contains(value));
    }
    let text = match filter.key.as_str() {
        "Name" => parameter.name.as_str(),
        "Type" => parameter.kind.name(),
        "KeyId" => parameter.key_id.as_deref().unwrap_or_default(),
        "Tier" => parameter.tier.name(),
        "DataType" => &parameter.data_type,
        "Path" => return filter.values.iter().any(|path| below(&parameter.name, path, option == Some("Recursive"))),
        // Nothing here has labels.
        _ => return false,
    };
    filter.values.iter().any(|value| match option {
        Some("BeginsWith") => text.starts_with(value.as_str()),
        Some("Contains") => text.contains(value.as_str()),
        _ => text == value,
    })
}

/// Whether a name lies below a path. All that are in no path lie in `/`.
pub(super) fn below(name: &str, path: &str, recursive: bool) -> bool {
    let path = path.trim_end_matches('/');
    let rest = name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
    let rest = if path.is_empty() { Some(name.trim_start_matches('/')) } else { rest };
    rest.is_some_and(|rest| recursive || !rest.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_holds_what_is_below_it() {
        assert!(below("/a/b", "/a", false) && below("/a/b", "/a/", false));
        assert!(!below("/a/b/c", "/a", false) && below("/a/b/c", "/a", true));
        assert!(!below("/ab/c", "/a", true) && !below("/a", "/a", true));
        assert!(below("x", "/", false) && below("/x", "/", false) && !below("/x/y", "/", false));
        assert!(below("/x/y", "/", true));
    }

    #[test]
    fn each_operation_knows_its_own_filters() {
        let filter = |key: &str, option: Option<&str>, value: &str| ParameterFilter {
            key: key.to_owned(),
            option: option.map(str::to_owned),
            values: vec![value.to_owned()],
        };
        let of = |one, used| check(&[one], used).map_err(|error| format!("{error:?}"));
        assert!(of(filter("Name", Some("Contains"), "x"), Use::Describe).is_ok());
        assert!(of(filter("Name", None, "x"), Use::ByPath).unwrap_err().starts_with("FilterKey"));
        assert!(of(filter("Label", None, "x"), Use::Describe).unwrap_err().starts_with("FilterKey"));
        assert!(of(filter("Type", Some("Contains"), "x"), Use::Describe).unwrap_err().starts_with("FilterOption"));
        assert!(of(filter("Path", None, "x"), Use::Describe).unwrap_err().starts_with("FilterValue"));
        let twice = [filter("Type", None, "String"), filter("Type", None, "String")];
        assert!(check(&twice, Use::Describe).is_err());
    }
}
