//! Records of uploads: `uploads/<uuid>.<epoch>/…`. The outbox forgets them at a build's end; what it could not end, or
//! what was written while it did, is ended here.

use super::{Walk, build_of, ended_before};
use crate::transfers::RECORDS;
use crate::{Error, Kind, Service};
use buildyard_model::LeaseToken;
use std::time::Duration;

/// The outbox has had its time.
const KEEP: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn round(service: &Service) -> Result<usize, Error> {
    let mut removed = 0;
    let mut walk = Walk::of(RECORDS);
    while let Some((slug, records)) = walk.next(service).await? {
        if let Some(token) = over(service, &slug).await
            && end(service, &token).await
        {
            removed += records.len();
        } else {
            walk.pass(&slug);
        }
    }
    Ok(removed)
}

/// The lease with this slug, if its build is over for long enough.
async fn over(service: &Service, slug: &str) -> Option<LeaseToken> {
    let (uuid, epoch) = slug.split_once('.')?;
    let (uuid, epoch) = (uuid.parse().ok()?, epoch.parse().ok()?);
    let build = build_of(service, uuid).await?;
    let over = ended_before(&build, KEEP, service.now());
    over.then_some(LeaseToken { build: build.spec.id, attempt: build.attempt, epoch })
}

/// Ends what the lease left. Says whether that worked; one that does not end holds up no other.
async fn end(service: &Service, token: &LeaseToken) -> bool {
    let ended = match service.drop_uploads(token).await {
        // Committed long ago, and the artifacts were removed since by whoever owns them.
        Err(error) if error.kind == Kind::NotFound => service.forget_uploads(token).await,
        other => other,
    };
    ended
        .inspect_err(|error| {
            tracing::warn!(build.id = %token.build, %error, "uploads of a build that is over cannot be ended");
        })
        .is_ok()
}
