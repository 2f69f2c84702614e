//! Documents as values: read, written by version, amended so that no change is lost, listed by name or time. What a
//! document means is its owner's.

use crate::{Error, Kind, Service};
use buildyard_model::{Epoch, Timestamp};
use buildyard_store::{Change, Document, DocumentKind, Expected};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How often an amendment is tried anew when others were quicker. Of those who try together one succeeds each time.
const MOST_TRIES: u32 = 256;
/// Documents read from the store at once, so that memory holds few of them whole.
const AT_ONCE: u32 = 500;

/// What a listing is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortBy {
    #[default]
    Name,
    CreatedTime,
    LastModifiedTime,
}

/// One entry of a listing: its place in the order, which is unique, and so good for page tokens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListedAs {
    /// The time by which it is ordered; 0 when the name alone decides.
    pub at: Timestamp,
    pub name: String,
}

/// As much of a document as a listing needs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Times {
    created: Epoch,
    last_modified: Epoch,
}

/// The value in a document.
pub(crate) fn read<T: DeserializeOwned>(kind: DocumentKind, document: &Document) -> Result<T, Error> {
    serde_json::from_str(&document.body).map_err(|error| {
        Error::new(Kind::Internal, format!("{} {} cannot be read: {error}", kind.name(), document.key))
    })
}

/// A change that writes a value.
pub(crate) fn write(
    kind: DocumentKind,
    key: &str,
    value: &impl Serialize,
    expected: Expected,
) -> Result<Change, Error> {
    let body = serde_json::to_string(value).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(Change { kind, key: key.to_owned(), expected, body: Some(body) })
}

/// A change that removes a document, whether it is there or not.
pub(crate) fn removal(kind: DocumentKind, key: &str) -> Change {
    Change { kind, key: key.to_owned(), expected: Expected::Anything, body: None }
}

impl Service {
    /// The value of that key, if there is one.
    pub(crate) async fn record<T: DeserializeOwned>(&self, kind: DocumentKind, key: &str) -> Result<Option<T>, Error> {
        self.store().document(kind, key).await?.map(|document| read(kind, &document)).transpose()
    }

    /// Changes a value so that nobody's change is lost: decides anew whenever somebody else was quicker. `None` when
    /// there is none.
    pub(crate) async fn amend<T, F>(&self, kind: DocumentKind, key: &str, change: F) -> Result<Option<T>, Error>
    where
        T: Serialize + DeserializeOwned,
        F: Fn(T) -> Result<T, Error>,
    {
        for _ in 0..MOST_TRIES {
            let Some(document) = self.store().document(kind, key).await? else { return Ok(None) };
            let value = change(read(kind, &document)?)?;
            let write = write(kind, key, &value, Expected::Version(document.version))?;
            match self.store().change(&[write]).await {
                Ok(()) => return Ok(Some(value)),
                Err(buildyard_store::Error::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(Kind::Unavailable, format!("{} {key} is being changed by many at once; try again", kind.name())))
    }

    /// All documents of a kind in ascending order. Few are in memory at once.
    pub(crate) async fn listed(&self, kind: DocumentKind, sort: SortBy) -> Result<Vec<ListedAs>, Error> {
        let mut all: Vec<ListedAs> = Vec::new();
        let mut after = String::new();
        loop {
            let some = self.store().documents(kind, "", &after, AT_ONCE).await?;
            let Some(last) = some.last() else { break };
            after.clone_from(&last.key);
            for document in some {
                let at = match sort {
                    SortBy::Name => Timestamp::default(),
                    SortBy::CreatedTime => read::<Times>(kind, &document)?.created.0,
                    SortBy::LastModifiedTime => read::<Times>(kind, &document)?.last_modified.0,
                };
                all.push(ListedAs { at, name: document.key });
            }
        }
        all.sort();
        Ok(all)
    }
}
