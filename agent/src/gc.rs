//! Garbage collection: throws away what is kept for later builds when there is too much of it, it is too old, or the disk
//! runs full. `plan` decides (pure); here it is done. Invariant: only what this agent brought here, and nothing in use.

mod plan;

use crate::config::{ByteSize, GcConfig};
use crate::health;
use crate::shelf::KnownImage;
use crate::site::Site;
use buildyard_executor::{Stock, StoredImage};
use plan::{Bounds, Item, doomed};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

const EVERY: Duration = Duration::from_secs(600);
/// A build that asked for an image may be about to make its container.
const JUST_USED: Duration = Duration::from_secs(600);

/// Collects for one agent.
#[derive(Debug)]
pub(crate) struct Collector {
    pub site: Arc<Site>,
    pub bounds: GcConfig,
    /// Images that the config names.
    pub kept: Vec<String>,
    pub data_dir: PathBuf,
    pub floor: ByteSize,
    /// One collection at a time.
    pub turn: Mutex<()>,
}

impl Collector {
    /// Collects from time to time, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            self.collect().await;
        }
    }

    /// Collects now, and harder where the disk is below its floor.
    pub(crate) async fn collect(&self) {
        let _turn = self.turn.lock().await;
        let builds = self.site.builds.clone();
        let _ = tokio::task::spawn_blocking(move || builds.empty_trash()).await;
        self.sources(self.bounds.sources.as_bytes()).await;
        if let Some(stock) = &self.site.stock {
            self.images(&**stock, self.wanting()).await;
        }
        if self.wanting() > 0 {
            self.sources(0).await;
        }
    }

    /// What the disk lacks.
    fn wanting(&self) -> u64 {
        health::free_bytes(&self.data_dir).map_or(0, |free| self.floor.as_bytes().saturating_sub(free))
    }

    async fn sources(&self, keep: u64) {
        match self.site.fetcher.prune(keep, self.bounds.source_age.0).await {
            Ok(0) => {}
            Ok(bytes) => tracing::info!(bytes, "removed source mirrors"),
            Err(error) => tracing::warn!(%error, "source mirrors could not be looked through"),
        }
        let fetcher = &self.site.fetcher;
        self.site.shelf.keep(|_| true, |location| fetcher.holds(location));
    }

    async fn images(&self, stock: &dyn Stock, wanting: u64) {
        let mut stored = match stock.images().await {
            Ok(stored) => stored,
            Err(error) => return tracing::warn!(%error, "images could not be listed"),
        };
        let known = self.site.shelf.all().images;
        let now = self.site.clock.now().0;
        let items = items(&stored, &known, &self.kept, now);
        let bounds = Bounds { bytes: self.bounds.images.as_bytes(), idle: self.bounds.image_age.0, wanting };
        for id in doomed(&items, bounds) {
            let Some(at) = stored.iter().position(|image| image.id == id) else { continue };
            match stock.remove_image(&stored[at]).await {
                Ok(true) => {
                    let image = stored.swap_remove(at);
                    tracing::info!(image = ?image.names, bytes = image.bytes, "removed an image");
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(image = ?stored[at].names, %error, "an image could not be removed"),
            }
        }
        let here = |name: &str| stored.iter().any(|image| image.names.iter().any(|other| other == name));
        self.site.shelf.keep(here, |_| true);
    }
}

/// The images that this agent pulled. One that somebody gave another name since is somebody's, and so in use. `now` in
/// milliseconds.
fn items(stored: &[StoredImage], known: &BTreeMap<String, KnownImage>, kept: &[String], now: i64) -> Vec<Item> {
    let pulled = stored.iter().filter_map(|image| {
        let ours: Vec<_> = image.names.iter().filter_map(|name| known.get(name)).collect();
        ours.iter().any(|known| known.pulled).then_some((image, ours))
    });
    pulled
        .map(|(image, ours)| {
            let used = ours.iter().map(|known| known.used.0).max().unwrap_or(0);
            let idle = Duration::from_millis(u64::try_from(now - used).unwrap_or(0));
            let names = || ours.iter().flat_map(|known| &known.references);
            let tags = image.names.iter().filter(|name| !name.contains("sha256:"));
            let others = tags.filter(|tag| names().all(|name| full(name) != full(tag))).count();
            let wanted = names().any(|name| kept.iter().any(|kept| full(kept) == full(name)));
            let in_use = image.used || others > 0 || wanted || idle < JUST_USED;
            Item { name: image.id.clone(), bytes: image.bytes, idle, in_use }
        })
        .collect()
}

/// A name as the engine lists it.
fn full(reference: &str) -> String {
    let name = reference.strip_prefix("docker.io/").unwrap_or(reference);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let tagged = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    if tagged { name.to_owned() } else { format!("{name}:latest") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Timestamp;

    const HOUR: i64 = 3_600_000;

    fn image(id: &str, names: &[&str]) -> StoredImage {
        let names = names.iter().chain([&id]).map(|name| (*name).to_owned()).collect();
        StoredImage { id: id.to_owned(), names, bytes: 10, used: false }
    }

    fn known(references: &[&str], pulled: bool, used: i64) -> KnownImage {
        let references = references.iter().map(|name| (*name).to_owned()).collect();
        KnownImage { references, pulled, used: Timestamp(used) }
    }

    #[test]
    fn only_pulled_images_count_and_everybodys_are_in_use() {
        let stored = [
            image("sha256:pulled", &["app:1"]),
            image("sha256:brought", &["base:1"]),
            image("sha256:strange", &["mine:1"]),
            image("sha256:named", &["tool:latest", "mine:prod"]),
            image("sha256:kept", &["kept:latest"]),
            StoredImage { used: true, ..image("sha256:running", &["run:1"]) },
        ];
        let known: BTreeMap<_, _> = [
            ("sha256:pulled", known(&["docker.io/app:1"], true, 0)),
            ("sha256:brought", known(&["base:1"], false, 0)),
            ("sha256:named", known(&["tool"], true, 0)),
            ("sha256:kept", known(&["library/kept"], true, 0)),
            ("sha256:running", known(&["run:1"], true, 0)),
        ]
        .into_iter()
        .map(|(name, known)| (name.to_owned(), known))
        .collect();
        let found = |now| {
            let items = items(&stored, &known, &["kept".to_owned()], now);
            items.into_iter().map(|item| (item.name, item.in_use)).collect::<Vec<_>>()
        };
        let row = |id: &str, in_use| (format!("sha256:{id}"), in_use);
        assert_eq!(found(HOUR), [row("pulled", false), row("named", true), row("kept", true), row("running", true)]);
        assert!(found(1000).iter().all(|(_, in_use)| *in_use), "a build may be about to use it");
    }
}
