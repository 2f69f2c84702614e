//! Logs: `logs/<uuid>/<epoch>/<chunk>`, removed some time after their build's end.

use super::{Walk, build_of, delete, ended_before};
use crate::logs::LOGS;
use crate::{Error, Service};
use std::time::Duration;

pub(super) async fn round(service: &Service, keep: Duration) -> Result<usize, Error> {
    let mut removed = 0;
    let mut walk = Walk::of(LOGS);
    while let Some((folder, chunks)) = walk.next(service).await? {
        let build = match folder.parse() {
            Ok(uuid) => build_of(service, uuid).await,
            Err(_) => None,
        };
        match build.filter(|build| ended_before(build, keep, service.now())) {
            Some(build) => {
                removed += delete(service, &chunks).await?;
                service.inner.logs.forget_build(&build.spec.id);
            }
            None => walk.pass(&folder),
        }
    }
    Ok(removed)
}
