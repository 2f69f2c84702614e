//! The one way to change a record of the safe: read, decide, write by version; decided anew when somebody was faster.

use super::Safe;
use crate::{Error, Kind};
use buildyard_store::{Change, DocumentKind, Expected};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How often a decision is made anew when somebody else writes in between.
const TRIES: u32 = 32;

/// What becomes of a record.
#[derive(Debug)]
pub(crate) enum Keep<R> {
    AsItIs,
    Replaced(R),
    Removed,
}

/// What is decided about a record.
#[derive(Debug)]
pub(crate) struct Decision<R, T> {
    pub(crate) keep: Keep<R>,
    /// Written in the same transaction, and only if the record changes.
    pub(crate) also: Vec<Change>,
    pub(crate) answer: T,
}

impl<R, T> Decision<R, T> {
    /// Nothing is written.
    pub(crate) fn nothing(answer: T) -> Self {
        Self { keep: Keep::AsItIs, also: Vec::new(), answer }
    }

    /// The record is written alone.
    pub(crate) fn replace(record: R, answer: T) -> Self {
        Self { keep: Keep::Replaced(record), also: Vec::new(), answer }
    }
}

impl Safe {
    /// Decides about the record `key` and writes what was decided: all or nothing.
    pub(crate) async fn change<R, T, E>(
        &self,
        kind: DocumentKind,
        key: &str,
        decide: impl Fn(Option<R>) -> Result<Decision<R, T>, E>,
    ) -> Result<T, E>
    where
        R: Serialize + DeserializeOwned,
        E: From<Error>,
    {
        for _ in 0..TRIES {
            let (version, record) = self.read::<R>(kind, key).await?.unzip();
            let decision = decide(record)?;
            let body = match decision.keep {
                Keep::AsItIs => return Ok(decision.answer),
                Keep::Replaced(record) => Some(text(&record)?),
                Keep::Removed => None,
            };
            let expected = version.map_or(Expected::Absent, Expected::Version);
            let mut changes = vec![Change { kind, key: key.to_owned(), expected, body }];
            changes.extend(decision.also);
            match self.store().change(&changes).await {
                Ok(()) => return Ok(decision.answer),
                Err(buildyard_store::Error::Conflict(_)) => {}
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        Err(Error::new(Kind::Conflict, format!("{} {key} is changing too fast; try again", kind.name())).into())
    }
}

/// A record as the body of a document.
pub(crate) fn text(record: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(record).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

/// A document that is put beside a record, or (`None`) removed with it.
pub(crate) fn beside(kind: DocumentKind, key: String, body: Option<String>) -> Change {
    Change { kind, key, expected: Expected::Anything, body }
}
