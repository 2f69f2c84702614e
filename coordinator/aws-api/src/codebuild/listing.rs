//! Listings by name or time, and their pages (reference 12.1).

use buildyard_aws_protocol::{ApiError, Page, page_token, read_page_token};
use buildyard_service::{ListedAs, SortBy};
use serde::Deserialize;

/// Entries of a page, and the most that `maxResults` may ask for.
const PAGE: usize = 100;

/// The members with which a listing is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Listing {
    pub(super) sort_by: Option<By>,
    pub(super) sort_order: Option<Direction>,
    pub(super) max_results: Option<usize>,
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum By {
    /// No default is documented for `sortBy` and `sortOrder`: names, ascending, are ours.
    #[default]
    Name,
    CreatedTime,
    LastModifiedTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Direction {
    #[default]
    Ascending,
    Descending,
}

impl Listing {
    pub(super) fn sort(&self) -> SortBy {
        match self.sort_by.unwrap_or_default() {
            By::Name => SortBy::Name,
            By::CreatedTime => SortBy::CreatedTime,
            By::LastModifiedTime => SortBy::LastModifiedTime,
        }
    }

    /// The page that is asked for out of everything, which is in ascending order. A token names the last entry of the page
    /// before, so that what comes and goes meanwhile neither repeats nor hides others.
    pub(super) fn page(&self, operation: &str, mut all: Vec<ListedAs>) -> Result<Page<String>, ApiError> {
        let direction = self.sort_order.unwrap_or_default();
        let question = format!("{operation} {:?} {direction:?}", self.sort_by.unwrap_or_default());
        if direction == Direction::Descending {
            all.reverse();
        }
        let from = match &self.next_token {
            None => 0,
            Some(token) => {
                let last: ListedAs = read_page_token(&question, token).ok_or_else(bad_token)?;
                all.partition_point(|entry| match direction {
                    Direction::Ascending => *entry <= last,
                    Direction::Descending => *entry >= last,
                })
            }
        };
        let size = self.max_results.unwrap_or(PAGE).clamp(1, PAGE);
        let more = all.len() > from + size;
        let items: Vec<ListedAs> = all.into_iter().skip(from).take(size).collect();
        let next_token = items.last().filter(|_| more).map(|last| page_token(&question, last));
        Ok(Page { items: items.into_iter().map(|entry| entry.name).collect(), next_token })
    }
}

/// The page of a listing that never holds anything, so that no token is ours.
pub(super) fn nothing(next_token: Option<&str>) -> Result<Vec<String>, ApiError> {
    if next_token.is_some() { Err(bad_token()) } else { Ok(Vec::new()) }
}

fn bad_token() -> ApiError {
    ApiError::new(
        "InvalidInputException",
        "nextToken is not one that this listing gave with the same sortBy and sortOrder; leave it out to begin anew",
    )
}
