//! Removes what nobody needs any more: logs and uploaded sources of builds that ended long ago, and records of uploads
//! that nobody ended. One file for each kind of object beneath.
//!
//! It walks what storage holds, not what was built, so its work is bounded by what is left to remove, and a walk that
//! is cut off is simply begun again. Invariants: nothing of a build that is not finished is removed, nothing that a
//! retry still needs, and nothing of a build that this coordinator does not know (a bucket may have other users).

mod logs;
mod sources;
mod uploads;

use crate::{Error, Service};
use buildyard_model::Timestamp;
use buildyard_scheduler::{Build, State};
use futures::{TryStreamExt, stream};
use std::collections::VecDeque;
use std::time::Duration;
use uuid::Uuid;

/// The first round is not in the way of a coordinator's start.
const FIRST_AFTER: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(3600);
/// Between two pages, so that builds have storage for themselves.
const PAUSE: Duration = Duration::from_millis(100);
/// Deletions at once.
const AT_ONCE: usize = 4;

pub(super) async fn run(service: &Service) {
    tokio::time::sleep(FIRST_AFTER).await;
    loop {
        let keep = service.settings().retention;
        if let Some(keep) = keep.logs {
            told("logs", logs::round(service, keep).await);
        }
        if let Some(keep) = keep.sources {
            told("uploaded sources", sources::round(service, keep).await);
        }
        told("records of uploads", uploads::round(service).await);
        tokio::time::sleep(EVERY).await;
    }
}

fn told(what: &'static str, round: Result<usize, Error>) {
    match round {
        Ok(0) => {}
        Ok(objects) => tracing::info!(what, objects, "removed what is kept no longer"),
        Err(error) => tracing::warn!(what, %error, "what is kept no longer could not be removed; it is tried again"),
    }
}

/// Whether the build ended `keep` ago or earlier.
fn ended_before(build: &Build, keep: Duration, now: Timestamp) -> bool {
    matches!(build.state, State::Finished { at, .. } if now.since(at) >= keep)
}

/// The build with this uuid; none also when it cannot be read: then what is its own stays.
async fn build_of(service: &Service, uuid: Uuid) -> Option<Build> {
    let found = async {
        let Some(id) = service.store().find(None, &uuid.to_string(), 1).await?.pop() else { return Ok(None) };
        service.store().get(&id).await
    };
    found
        .await
        .inspect_err(|error: &buildyard_store::Error| {
            tracing::warn!(build.uuid = %uuid, %error, "a build cannot be read; what belongs to it is kept");
        })
        .ok()
        .flatten()
}

/// Keys of the system bucket, below a prefix and behind a key; says also whether there are more.
async fn page(service: &Service, prefix: &str, after: &str) -> Result<(Vec<String>, bool), Error> {
    let page = service.inner.parts.objects.list(&service.settings().system_bucket, prefix, after).await?;
    Ok((page.objects.into_iter().map(|object| object.key).collect(), page.more))
}

/// Deletes objects of the system bucket and says how many.
async fn delete(service: &Service, keys: &[String]) -> Result<usize, Error> {
    let bucket = &service.settings().system_bucket;
    let objects = &service.inner.parts.objects;
    stream::iter(keys.iter().map(Ok::<_, Error>))
        .try_for_each_concurrent(AT_ONCE, async |key| Ok(objects.delete(bucket, key).await?))
        .await?;
    Ok(keys.len())
}

/// A walk through the objects below a prefix, group by group: a group is the folder that comes first in a key. One that
/// goes on in the next page comes again.
struct Walk {
    prefix: &'static str,
    after: String,
    more: bool,
    groups: VecDeque<(String, Vec<String>)>,
}

impl Walk {
    fn of(prefix: &'static str) -> Self {
        Self { prefix, after: String::new(), more: true, groups: VecDeque::new() }
    }

    /// The next group's name and keys.
    async fn next(&mut self, service: &Service) -> Result<Option<(String, Vec<String>)>, Error> {
        while self.groups.is_empty() && self.more {
            if !self.after.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
            let (keys, more) = page(service, self.prefix, &self.after).await?;
            self.more = more;
            if let Some(last) = keys.last() {
                self.after.clone_from(last);
            }
            let groups = keys.chunk_by(|one, other| self.folder(one) == self.folder(other));
            self.groups = groups.map(|group| (self.folder(&group[0]).to_owned(), group.to_vec())).collect();
        }
        Ok(self.groups.pop_front())
    }

    /// Leaves out the rest of a group that stays.
    fn pass(&mut self, group: &str) {
        if self.groups.is_empty() {
            // Sorts behind whatever our keys hold.
            self.after = format!("{}{group}/~", self.prefix);
        }
    }

    fn folder<'a>(&self, key: &'a str) -> &'a str {
        key.strip_prefix(self.prefix).and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
