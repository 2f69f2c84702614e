//! Deletes builds that are over. With the record goes, in the same transaction, the promise to delete the log, so that
//! neither a crash nor a storage that is down leaves a log behind that no build names. Artifacts are their owner's and
//! stay.

use crate::{Error, Service};
use buildyard_model::BuildId;
use buildyard_scheduler::Effect;
use futures::{TryStreamExt, stream};

/// Objects deleted at once.
const AT_ONCE: usize = 32;

/// What became of a build that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// It is not over, so it stays.
    InProgress,
    /// There is none.
    Unknown,
}

impl Service {
    /// Deletes a build if it is over.
    pub async fn delete_build(&self, id: &BuildId) -> Result<Deletion, Error> {
        let effects = [Effect::DropLogs { build: id.clone() }];
        if self.store().remove(id, &effects).await? {
            self.inner.outbox_bell.notify_one();
            self.inner.changes.tell(id);
            return Ok(Deletion::Deleted);
        }
        Ok(if self.store().get(id).await?.is_some() { Deletion::InProgress } else { Deletion::Unknown })
    }

    /// Deletes the log of a build under each of its grants. Repeatable.
    pub(crate) async fn drop_logs(&self, build: &BuildId) -> Result<(), Error> {
        let (bucket, objects) = (&self.settings().system_bucket, &self.inner.parts.objects);
        let prefix = format!("logs/{}/", build.uuid());
        loop {
            let page = objects.list(bucket, &prefix, "").await?;
            stream::iter(page.objects.iter().map(Ok::<_, Error>))
                .try_for_each_concurrent(AT_ONCE, async |object| Ok(objects.delete(bucket, &object.key).await?))
                .await?;
            if !page.more {
                self.inner.logs.forget_build(build);
                return Ok(());
            }
        }
    }
}
