//! A page of a listing: keys with their records, and what a delimiter folds into common prefixes.

use super::entry::Entry;
use super::error::Error;
use super::record;
use super::store::Store;
use super::walk::{Passed, Walk};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub(crate) prefix: &'a str,
    /// Keys that hold it behind the prefix are folded. Empty for none.
    pub(crate) delimiter: &'a str,
    pub(crate) passed: Passed,
    /// Most items.
    pub(crate) limit: usize,
}

/// One line of a listing.
#[derive(Debug)]
pub(crate) enum Item {
    Object(String, Box<Entry>),
    Prefix(String),
}

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// In byte order.
    pub(crate) items: Vec<Item>,
    /// Whether there is more behind the last item.
    pub(crate) more: bool,
}

impl Item {
    /// What a listing that goes on behind this item has passed.
    pub(crate) fn passed(&self) -> Passed {
        match self {
            Self::Object(key, _) => Passed::Key(key.clone().into_bytes()),
            Self::Prefix(prefix) => Passed::Prefix(prefix.clone().into_bytes()),
        }
    }
}

impl Store {
    /// Lists a bucket.
    pub(crate) fn list(&self, bucket: &str, query: Query<'_>) -> Result<Listing, Error> {
        self.require_bucket(bucket)?;
        let mut listing = Listing::default();
        if query.limit == 0 {
            return Ok(listing);
        }
        let mut walk = Walk::new(&self.tree(bucket), query.prefix, query.passed);
        while let Some((key, path)) = walk.next()? {
            if listing.items.len() == query.limit {
                listing.more = true;
                break;
            }
            let Ok(key) = String::from_utf8(key) else { continue };
            if let Some(prefix) = fold(&key, query.prefix, query.delimiter) {
                walk.skip(prefix.as_bytes());
                listing.items.push(Item::Prefix(prefix.to_owned()));
            } else if let Some(entry) = record::describe(&path)? {
                listing.items.push(Item::Object(key, Box::new(entry)));
            }
        }
        Ok(listing)
    }
}

/// The common prefix that stands for this key, if the delimiter is in it behind the prefix.
pub(crate) fn fold<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    if delimiter.is_empty() {
        return None;
    }
    let at = key.get(prefix.len()..)?.find(delimiter)?;
    key.get(..prefix.len() + at + delimiter.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_folded_at_the_first_delimiter_behind_the_prefix() {
        assert_eq!(fold("a/b/c", "", "/"), Some("a/"));
        assert_eq!(fold("a/b/c", "a/", "/"), Some("a/b/"));
        assert_eq!(fold("a/b", "a/", "/"), None);
        assert_eq!(fold("a--b", "", "--"), Some("a--"));
        assert_eq!(fold("a/b", "", ""), None);
    }
}
