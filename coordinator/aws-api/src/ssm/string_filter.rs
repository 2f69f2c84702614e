//! The structures of SSM's filters.

use buildyard_service::parameters::ParameterFilter;
use serde::Deserialize;

/// A filter as it is written now.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StringFilter {
    key: String,
    option: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

impl StringFilter {
    pub(super) fn all(filters: Option<Vec<Self>>) -> Vec<ParameterFilter> {
        let filters = filters.unwrap_or_default().into_iter();
        filters.map(|one| ParameterFilter { key: one.key, option: one.option, values: one.values }).collect()
    }
}

/// A filter as it was written at first: names by their beginnings, the others as they are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OldFilter {
    key: String,
    values: Vec<String>,
}

impl OldFilter {
    pub(super) fn all(filters: Option<Vec<Self>>) -> Vec<ParameterFilter> {
        let option = |key: &str| Some(if key == "Name" { "BeginsWith" } else { "Equals" }.to_owned());
        let filters = filters.unwrap_or_default().into_iter();
        filters.map(|one| ParameterFilter { option: option(&one.key), key: one.key, values: one.values }).collect()
    }
}
