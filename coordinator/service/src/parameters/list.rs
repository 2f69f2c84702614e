//! Listing parameters by name, in pages.

use super::error::ParameterError;
use super::filter::{self, ParameterFilter, Use};
use super::place::BEFORE_NAMES;
use super::read::Parameter;
use super::record::{ParameterMetadata, ParameterRecord};
use crate::Error;
use crate::safe::{Safe, parse};
use buildyard_store::DocumentKind;

/// Records that are read at once.
const CHUNK: u32 = 200;

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// The name behind which the next page begins, if there is one.
    pub next: Option<String>,
}

/// What lies below a path.
#[derive(Debug, Clone)]
pub struct ByPath {
    pub path: String,
    pub recursive: bool,
    pub filters: Vec<ParameterFilter>,
    pub decrypt: bool,
}

impl Safe {
    /// Parameters whose metadata pass all filters, by name, at most `limit`, behind `after`.
    ///
    /// # Errors
    /// For filters that cannot be used.
    pub async fn describe_parameters(
        &self,
        filters: &[ParameterFilter],
        after: Option<&str>,
        limit: usize,
    ) -> Result<Listing<ParameterMetadata>, ParameterError> {
        filter::check(filters, Use::Describe)?;
        let matching = |record: &ParameterRecord| filter::passes(filters, &record.metadata);
        let page = self.parameter_page("", after, limit, matching).await?;
        Ok(Listing { items: page.items.into_iter().map(|record| record.metadata).collect(), next: page.next })
    }

    /// The newest versions of what lies below a path.
    ///
    /// # Errors
    /// For a path or filters that cannot be used, and `Sealed` when a value cannot be opened.
    pub async fn parameters_by_path(
        &self,
        query: &ByPath,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Listing<Parameter>, ParameterError> {
        if !query.path.starts_with('/') {
            return Err(ParameterError::invalid("a path begins with a slash"));
        }
        filter::check(&query.filters, Use::ByPath)?;
        let matching = |record: &ParameterRecord| {
            let below = filter::below(&record.metadata.name, &query.path, query.recursive);
            below && filter::passes(&query.filters, &record.metadata)
        };
        let page = self.parameter_page(query.path.trim_end_matches('/'), after, limit, matching).await?;
        let shown: Result<Vec<_>, _> = page.items.iter().map(|record| self.show(record, query.decrypt)).collect();
        Ok(Listing { items: shown?, next: page.next })
    }

    async fn parameter_page(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        matching: impl Fn(&ParameterRecord) -> bool + Send,
    ) -> Result<Listing<ParameterRecord>, Error> {
        let mut items: Vec<ParameterRecord> = Vec::new();
        // Past versions come before all names.
        let mut after = after.filter(|after| *after > BEFORE_NAMES).unwrap_or(BEFORE_NAMES).to_owned();
        loop {
            let documents = self.store().documents(DocumentKind::Parameter, prefix, &after, CHUNK).await?;
            let whole = documents.len() < CHUNK as usize;
            for document in documents {
                let record: ParameterRecord = parse(DocumentKind::Parameter, &document.key, &document.body)?;
                if matching(&record) {
                    if items.len() == limit {
                        let next = items.last().map(|last| last.metadata.name.clone());
                        return Ok(Listing { items, next });
                    }
                    items.push(record);
                }
                after = document.key;
            }
            if whole {
                return Ok(Listing { items, next: None });
            }
        }
    }
}
