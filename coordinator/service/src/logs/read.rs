//! Gives a build's log to a reader, from any offset, and goes on while the build runs. A slow reader holds nothing
//! but its own place.

use super::chunk::{self, LogId};
use super::index::{LiveLog, Place};
use crate::{Error, Kind, Service, watch};
use buildyard_model::BuildId;
use buildyard_scheduler::{Build, State};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// After the end of a build whose log is shorter than its agent said, a reader waits so long for the rest.
const REST_WAIT: Duration = Duration::from_secs(5);

/// One reader's place in a build's log.
#[derive(Debug)]
pub struct LogReader {
    service: Service,
    build: BuildId,
    offset: u64,
    follow: bool,
    log: Option<(LogId, Arc<LiveLog>)>,
    changes: broadcast::Receiver<BuildId>,
}

impl Service {
    /// Reads a build's log from `offset`; with `follow`, until the build is over and everything was given.
    pub fn read_log(&self, build: &BuildId, offset: u64, follow: bool) -> LogReader {
        let changes = self.inner.changes.listen();
        LogReader { service: self.clone(), build: build.clone(), offset, follow, log: None, changes }
    }
}

impl LogReader {
    /// The next bytes and where they belong; `None` at the end. When a lost build is run anew, its log begins at 0 again.
    pub async fn next(&mut self) -> Result<Option<(u64, Bytes)>, Error> {
        loop {
            let build = self.service.load(&self.build).await?;
            let Some(log) = self.log_of(&build).await? else {
                if !self.follow || build.view().build_complete {
                    return Ok(None);
                }
                watch::next(&mut self.changes, &self.build).await;
                continue;
            };
            let mut grown = log.follow();
            if let Some(place) = log.locate(self.offset) {
                let bytes = self.fetch(place).await?;
                let offset = self.offset;
                self.offset += bytes.len() as u64;
                return Ok(Some((offset, bytes)));
            }
            if let Some(error) = self.removed(&build, &log) {
                return Err(error);
            }
            if !self.follow {
                return Ok(None);
            }
            if let State::Finished { .. } = build.state {
                let whole = build.log_bytes.is_none_or(|length| self.offset >= length);
                if whole || tokio::time::timeout(REST_WAIT, grown.changed()).await.is_err() {
                    return Ok(None);
                }
                continue;
            }
            tokio::select! {
                _ = grown.changed() => {}
                () = watch::next(&mut self.changes, &self.build) => {}
            }
        }
    }

    /// The log of the grant in force, or of the last one.
    async fn log_of(&mut self, build: &Build) -> Result<Option<Arc<LiveLog>>, Error> {
        if build.epoch == 0 {
            return Ok(None);
        }
        let id = LogId { build: self.build.clone(), epoch: build.epoch };
        match &self.log {
            Some((current, log)) if *current == id => Ok(Some(log.clone())),
            earlier => {
                if earlier.is_some() {
                    self.offset = 0;
                }
                let log = self.service.live_log(&id).await?;
                self.log = Some((id, log.clone()));
                Ok(Some(log))
            }
        }
    }

    /// Says that the log is kept no longer, if that is why there is none.
    fn removed(&self, build: &Build, log: &LiveLog) -> Option<Error> {
        let keep = self.service.settings().retention.logs?;
        let State::Finished { at, .. } = build.state else { return None };
        let was_there = build.log_bytes.is_some_and(|length| length > 0) && log.committed() == 0;
        (was_there && self.service.now().since(at) >= keep).then(|| {
            let hours = keep.as_secs() / 3600;
            Error::not_found(format!(
                "the log of build {} was removed: this coordinator keeps logs for {hours} hours after a build's end",
                self.build
            ))
        })
    }

    async fn fetch(&self, place: Place) -> Result<Bytes, Error> {
        let (key, start) = match place {
            Place::Recent(bytes) => return Ok(bytes),
            Place::Stored { key, start } => (key, start),
        };
        let bucket = &self.service.settings().system_bucket;
        let bytes = chunk::decode(&self.service.inner.parts.objects.get(bucket, &key).await?)?;
        let skip = usize::try_from(self.offset - start).unwrap_or(usize::MAX);
        if skip >= bytes.len() {
            return Err(Error::new(Kind::Internal, format!("log chunk {key} is shorter than its name says")));
        }
        Ok(bytes.slice(skip..))
    }
}
