//! DOWNLOAD_SOURCE: all sources into the workspace, side by side.

use super::halt::Halt;
use super::place::Place;
use crate::folder::Folder;
use crate::health;
use crate::site::Site;
use crate::transfers::Transfers;
use crate::voice::Voice;
use buildyard_model::{PhaseContext, SourceKind};
use buildyard_source::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Lines that wait until their phase has begun.
#[derive(Debug, Default)]
pub(super) struct Held {
    lines: Mutex<Vec<String>>,
    more: Notify,
}

impl Held {
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn hold(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.more.notify_one();
    }

    /// Says what was held.
    pub(super) fn release(&self, voice: &Voice) {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        lines.iter().for_each(|line| voice.say(line));
    }

    /// Says what is held, and what comes while `work` goes on.
    pub(super) async fn pass_to<T>(&self, voice: &Voice, work: &mut Pin<&mut impl Future<Output = T>>) -> T {
        loop {
            self.release(voice);
            tokio::select! {
                done = &mut *work => return done,
                () = self.more.notified() => {}
            }
        }
    }
}

/// Fetches every source to its place; gives their commits, in order.
pub(super) async fn fetch_all(
    site: &Site,
    folder: &Folder,
    places: &[Place<'_>],
    transfers: &Transfers,
    held: &Held,
) -> Result<Vec<Option<String>>, Halt> {
    let fetches = places.iter().map(|place| fetch(site, folder, place, transfers, held));
    futures::future::try_join_all(fetches).await
}

async fn fetch(
    site: &Site,
    folder: &Folder,
    place: &Place<'_>,
    transfers: &Transfers,
    held: &Held,
) -> Result<Option<String>, Halt> {
    let into = folder.workspace().join(place.relative());
    if matches!(place.source.kind, SourceKind::None) {
        return std::fs::create_dir_all(&into)
            .map(|()| None)
            .map_err(|error| Halt::disk("make the source folder", &error));
    }
    let log = |line: String| held.hold(line);
    let fetched = site.fetcher.fetch(place.source, &into, transfers, &log).await;
    if let (SourceKind::Git { location, .. }, Ok(_)) = (&place.source.kind, &fetched)
        && site.fetcher.holds(location)
    {
        site.shelf.fetched(location, site.clock.now());
    }
    fetched.map(|fetched| fetched.resolved_version).map_err(|error| halt(&error, place, folder))
}

fn halt(error: &Error, place: &Place<'_>, folder: &Folder) -> Halt {
    let which = place.identifier.map(|id| format!(" (secondary source {id})")).unwrap_or_default();
    let context = |code: &str| PhaseContext::new(code, format!("{error}{which}"));
    if let Some(full) = health::full_by(error, folder.place()) {
        return Halt::Fault(PhaseContext::new("INTERNAL_ERROR", format!("{error}{which}: {full}")));
    }
    match error {
        Error::Git { .. } => Halt::Failed(context("GIT_CLONE_FAILED")),
        Error::File { .. } => Halt::Fault(context("INTERNAL_ERROR")),
        _ => Halt::Failed(context("CLIENT_ERROR")),
    }
}
