//! Uploaded sources: `sources/<time>-<uuid>.zip`, removed some time after the last build that names them has ended, or
//! after their upload was prepared when no build names them.
//!
//! The key holds the time, so a source that cannot be due is not looked at, and only builds that were submitted after
//! the oldest source in question can name one.

use super::{PAUSE, delete, ended_before, page};
use crate::transfers::{SOURCES, prepared_at};
use crate::{Error, Service};
use buildyard_model::{BuildspecOrigin, JobSpec, SourceKind, Timestamp};
use buildyard_scheduler::Build;
use buildyard_store::ListQuery;
use std::collections::BTreeMap;
use std::time::Duration;

/// Sources dealt with in one round.
const ROUND: usize = 10_000;
/// Builds read at once.
const BUILDS: u32 = 100;

pub(super) async fn round(service: &Service, keep: Duration) -> Result<usize, Error> {
    let mut old = candidates(service, keep).await?;
    let Some(oldest) = old.values().min().copied() else { return Ok(0) };
    let mut query = ListQuery { project: None, limit: BUILDS, after: None };
    loop {
        let builds = service.store().list(&query).await?;
        for build in &builds {
            keep_needed(service, build, keep, &mut old).await?;
        }
        let behind = builds.last().is_none_or(|last| last.spec.submitted_at < oldest);
        if behind || old.is_empty() {
            break;
        }
        query.after = builds.last().map(|last| last.spec.id.clone());
        tokio::time::sleep(PAUSE).await;
    }
    let unneeded: Vec<String> = old.into_keys().collect();
    delete(service, &unneeded).await
}

/// Sources that are old enough, and when each was prepared. A key in another form is none of ours.
async fn candidates(service: &Service, keep: Duration) -> Result<BTreeMap<String, Timestamp>, Error> {
    let mut old = BTreeMap::new();
    let mut after = String::new();
    loop {
        let (keys, more) = page(service, SOURCES, &after).await?;
        for key in &keys {
            match prepared_at(key) {
                Some(at) if service.now().since(at) >= keep => _ = old.insert(key.clone(), at),
                _ => {}
            }
        }
        match keys.last() {
            Some(last) if more && old.len() < ROUND => after.clone_from(last),
            _ => return Ok(old),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes out of `old` what the build, or a retry that it asked for, still needs.
async fn keep_needed(
    service: &Service,
    build: &Build,
    keep: Duration,
    old: &mut BTreeMap<String, Timestamp>,
) -> Result<(), Error> {
    let named: Vec<String> = sources(&build.spec, &service.settings().system_bucket)
        .filter(|key| old.contains_key(*key))
        .map(str::to_owned)
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    // The retry may have been made after this walk went past the newest builds, or not yet.
    let over = ended_before(build, keep, service.now())
        && match &build.next_retry {
            None => true,
            Some(retry) => {
                let retry = service.store().get(retry).await?;
                retry.is_some_and(|retry| ended_before(&retry, keep, service.now()))
            }
        };
    if !over {
        old.retain(|key, _| !named.contains(key));
    }
    Ok(())
}

/// The keys in our bucket that a job reads.
fn sources<'a>(job: &'a JobSpec, bucket: &'a str) -> impl Iterator<Item = &'a str> {
    let kinds = std::iter::once(&job.source.kind).chain(job.secondary_sources.iter().map(|one| &one.source.kind));
    let locations = kinds.filter_map(|kind| match kind {
        SourceKind::S3 { location } => Some(location),
        _ => None,
    });
    let buildspec = match &job.buildspec {
        BuildspecOrigin::S3(location) => Some(location),
        _ => None,
    };
    locations.chain(buildspec).filter_map(move |location| location.strip_prefix(bucket)?.strip_prefix('/'))
}
