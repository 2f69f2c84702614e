//! Documents in memory.

use super::Memory;
use crate::document::{Change, Document, DocumentKind, Expected};
use crate::roles::{Documents, Error};
use async_trait::async_trait;

#[async_trait]
impl Documents for Memory {
    async fn document(&self, kind: DocumentKind, key: &str) -> Result<Option<Document>, Error> {
        Ok(self.records().documents.get(&(kind, key.to_owned())).cloned())
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Document>, Error> {
        let records = self.records();
        let from = records.documents.range((kind, prefix.max(after).to_owned())..);
        let matching = from.take_while(|((of, key), _)| *of == kind && (key.starts_with(prefix) || **key < *prefix));
        let behind = matching.filter(|((_, key), _)| after.is_empty() || **key > *after);
        Ok(behind.map(|(_, document)| document.clone()).take(limit as usize).collect())
    }

    async fn change(&self, changes: &[Change]) -> Result<(), Error> {
        let mut records = self.records();
        let mut documents = records.documents.clone();
        for change in changes {
            let place = (change.kind, change.key.clone());
            let version = documents.get(&place).map_or(0, |document| document.version);
            let as_expected = match change.expected {
                Expected::Absent => version == 0,
                Expected::Version(expected) => version == expected,
                Expected::Anything => true,
            };
            if !as_expected {
                return Err(Error::Conflict(format!("{} {}", change.kind.name(), change.key)));
            }
            match &change.body {
                Some(body) => {
                    let document = Document { key: change.key.clone(), version: version + 1, body: body.clone() };
                    documents.insert(place, document);
                }
                None => _ = documents.remove(&place),
            }
        }
        records.documents = documents;
        Ok(())
    }
}
