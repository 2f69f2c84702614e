//! Groups of logs.

use super::index::Group;
use super::{Directory, read};
use crate::{Error, Kind, Service};
use buildyard_model::Timestamp;
use buildyard_store::{Change, Document, DocumentKind, Expected};
use serde::{Deserialize, Serialize};

/// Documents read at once.
const PAGE: u32 = 1000;

/// A group of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    pub name: String,
    pub created: Timestamp,
}

/// The document of a group.
#[derive(Serialize, Deserialize)]
struct GroupRecord {
    created: Timestamp,
}

fn group(document: Document) -> Result<LogGroup, Error> {
    let record: GroupRecord = serde_json::from_str(&document.body)
        .map_err(|error| Error::new(Kind::Internal, format!("log group {} cannot be read: {error}", document.key)))?;
    Ok(LogGroup { name: document.key, created: record.created })
}

impl Service {
    pub(super) async fn make_group(&self, name: &str, created: Timestamp) -> Result<(), Error> {
        if self.log_group(name).await?.is_some() {
            return Ok(());
        }
        let body = serde_json::to_string(&GroupRecord { created });
        let body = body.map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let change =
            Change { kind: DocumentKind::LogGroup, key: name.to_owned(), expected: Expected::Absent, body: Some(body) };
        match self.store().change(&[change]).await {
            Ok(()) | Err(buildyard_store::Error::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The group of that name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn log_group(&self, name: &str) -> Result<Option<LogGroup>, Error> {
        self.store().document(DocumentKind::LogGroup, name).await?.map(group).transpose()
    }

    /// Groups by name: those that begin with `prefix`, behind `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn log_groups(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<LogGroup>, Error> {
        let documents = self.store().documents(DocumentKind::LogGroup, prefix, after, limit).await?;
        documents.into_iter().map(group).collect()
    }

    /// Reads a group into the directory, unless it is there.
    pub(super) async fn load_group<'a>(&self, directory: &'a mut Directory, name: &str) -> Result<&'a Group, Error> {
        if !directory.holds(name) {
            let mut group = Group::default();
            let prefix = super::stream_key(name, "");
            let mut after = String::new();
            loop {
                let page = self.store().documents(DocumentKind::LogStream, &prefix, &after, PAGE).await?;
                for document in &page {
                    match read(document) {
                        Ok(record) => group.put(document.key.strip_prefix(&prefix).unwrap_or_default(), record),
                        Err(error) => tracing::error!(%error, "a log stream is left out of its group"),
                    }
                }
                match page.last() {
                    Some(last) if page.len() == PAGE as usize => after.clone_from(&last.key),
                    _ => break,
                }
            }
            directory.hold(name, group);
        }
        directory.group(name).ok_or_else(|| Error::new(Kind::Internal, format!("log group {name} was not kept")))
    }
}
