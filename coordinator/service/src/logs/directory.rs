//! Which logs there are: groups and streams by name, each with its build. A stream is listed when its build's log
//! begins, as a document; with the build's end the document learns the log's times and size, so that lists need no log.
//!
//! The documents are the truth. A group that is asked for is held in memory, ordered by name and by time, and this
//! process keeps it up to date. A stream whose build is gone is forgotten when somebody comes across it.

mod groups;
mod index;
mod streams;
#[cfg(test)]
pub(crate) mod tests;

pub use groups::LogGroup;
pub(crate) use index::Directory;
pub use streams::{LogStream, StreamOrder, StreamQuery};

use crate::{Error, Kind, Service};
use buildyard_model::{BuildId, JobSpec, LogNames, Timestamp};
use buildyard_scheduler::{Build, State};
use buildyard_store::{Change, Document, DocumentKind, Expected};
use serde::{Deserialize, Serialize};

/// What a finished log is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    /// The times of the first and the last event.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
    pub(crate) bytes: u64,
}

/// The document of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamRecord {
    pub(crate) build: BuildId,
    pub(crate) created: Timestamp,
    /// Absent while the build runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closed: Option<Closed>,
}

/// Neither a group's nor a stream's name holds a colon (CloudWatch Logs).
fn stream_key(group: &str, stream: &str) -> String {
    format!("{group}:{stream}")
}

fn read(document: &Document) -> Result<StreamRecord, Error> {
    serde_json::from_str(&document.body)
        .map_err(|error| Error::new(Kind::Internal, format!("log stream {} cannot be read: {error}", document.key)))
}

impl Service {
    /// Lists the log of a build that begins to be written. Repeatable.
    pub(super) async fn list_log(&self, job: &JobSpec) -> Result<(), Error> {
        let Some(names) = LogNames::of(job) else { return Ok(()) };
        if self.store().document(DocumentKind::LogStream, &stream_key(&names.group, &names.stream)).await?.is_some() {
            return Ok(());
        }
        let created = self.now();
        self.make_group(&names.group, created).await?;
        let record = StreamRecord { build: job.id.clone(), created, closed: None };
        self.put_stream(&names, &record, Expected::Absent).await
    }

    /// Writes a stream's document; what somebody else wrote first stays.
    async fn put_stream(&self, names: &LogNames, record: &StreamRecord, expected: Expected) -> Result<(), Error> {
        let body = serde_json::to_string(record).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let key = stream_key(&names.group, &names.stream);
        let change = Change { kind: DocumentKind::LogStream, key, expected, body: Some(body) };
        // Held while storing, so that a group that is just being read cannot miss it.
        let mut directory = self.inner.directory.lock().await;
        match self.store().change(&[change]).await {
            Ok(()) => directory.put(&names.group, &names.stream, record.clone()),
            Err(buildyard_store::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn forget_stream(&self, group: &str, stream: &str) -> Result<(), Error> {
        let key = stream_key(group, stream);
        let change = Change { kind: DocumentKind::LogStream, key, expected: Expected::Anything, body: None };
        let mut directory = self.inner.directory.lock().await;
        self.store().change(&[change]).await?;
        directory.remove(group, stream);
        Ok(())
    }

    /// Notes in the directory what became of a finished build's log. If that fails, whoever asks next does it.
    pub(crate) fn close_log_soon(&self, build: &Build) {
        let listed = build.epoch > 0 && matches!(build.state, State::Finished { .. });
        if !listed {
            return;
        }
        let (service, build) = (self.clone(), build.clone());
        tokio::spawn(async move {
            if let Err(error) = service.close_log(&build).await {
                tracing::warn!(build.id = %build.spec.id, %error, "the directory of logs does not know its end yet");
            }
        });
    }

    /// Gives the record of a finished build's log as it is then; none for a log that nobody began.
    async fn close_log(&self, build: &Build) -> Result<Option<StreamRecord>, Error> {
        let Some(names) = LogNames::of(&build.spec) else { return Ok(None) };
        let key = stream_key(&names.group, &names.stream);
        let Some(document) = self.store().document(DocumentKind::LogStream, &key).await? else { return Ok(None) };
        let mut record = read(&document)?;
        if record.closed.is_none() {
            let log = self.log_of(build).await?;
            record.closed = Some(Closed { span: log.span().await?, bytes: log.length() });
            self.put_stream(&names, &record, Expected::Version(document.version)).await?;
        }
        Ok(Some(record))
    }

    /// The log that is listed under these names, if its build is there.
    ///
    /// # Errors
    /// When the store or storage cannot be read.
    pub async fn open_log(&self, group: &str, stream: &str) -> Result<Option<super::BuildLog>, Error> {
        let document = self.store().document(DocumentKind::LogStream, &stream_key(group, stream)).await?;
        let Some(document) = document else { return Ok(None) };
        let record = read(&document)?;
        match self.store().get(&record.build).await? {
            Some(build) => Ok(Some(self.log_of(&build).await?)),
            None => {
                self.forget_stream(group, stream).await?;
                Ok(None)
            }
        }
    }
}
