//! What this host has that makes later builds quicker: images that builds asked for, and sources that have a mirror.
//! Remembered in a file, with who brought each image here and when it was used last, so that only what this agent pulled
//! is ever thrown away.
//!
//! Invariant: an image counts as pulled only if it was not here right before.

use buildyard_executor::{Executor, ExecutorError, ImageRequest, Progress};
use buildyard_model::{Affinity, PullPolicy, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

const FILE: &str = "shelf.json";

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    /// By the name that the executor runs them by.
    pub images: BTreeMap<String, KnownImage>,
    /// When each source was fetched last.
    pub sources: BTreeMap<String, Timestamp>,
}

/// An image that a build asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownImage {
    /// As builds name it.
    pub references: BTreeSet<String>,
    /// Whether this agent brought it here.
    pub pulled: bool,
    pub used: Timestamp,
}

/// The memory.
#[derive(Debug)]
pub(crate) struct Shelf {
    path: PathBuf,
    known: Mutex<Known>,
    holds: watch::Sender<BTreeSet<Affinity>>,
}

impl Shelf {
    /// Reads what was remembered. What cannot be read is forgotten: then those images stay for ever.
    pub(crate) fn open(data_dir: &Path) -> Self {
        let path = data_dir.join(FILE);
        let read = std::fs::read(&path).and_then(|bytes| serde_json::from_slice(&bytes).map_err(io::Error::from));
        let known = read.unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(file = %path.display(), %error, "what this agent pulled is not known any more");
            }
            Known::default()
        });
        let holds = watch::Sender::new(affinities(&known));
        Self { path, known: Mutex::new(known), holds }
    }

    /// Makes sure that the image is here, as the executor does, and remembers it; `keeps`: who pulled it matters.
    pub(crate) async fn image(
        &self,
        executor: &dyn Executor,
        keeps: bool,
        request: &ImageRequest,
        progress: Progress<'_>,
        now: Timestamp,
    ) -> Result<String, ExecutorError> {
        if !keeps {
            let image = executor.prepare_image(request, progress).await?;
            self.used(&request.reference, &image, false, now);
            return Ok(image);
        }
        let local = ImageRequest { pull: PullPolicy::Never, ..request.clone() };
        let before = match executor.prepare_image(&local, &|_| {}).await {
            Ok(image) if request.pull != PullPolicy::Always => {
                self.used(&request.reference, &image, false, now);
                return Ok(image);
            }
            Ok(image) => Some(image),
            // Not here, or not for this host: that is the other's to say.
            Err(ExecutorError::Image(_)) => None,
            Err(error) => return Err(error),
        };
        let image = executor.prepare_image(request, progress).await?;
        self.used(&request.reference, &image, before.as_ref() != Some(&image), now);
        Ok(image)
    }

    fn used(&self, reference: &str, image: &str, pulled: bool, now: Timestamp) {
        let mut known = self.known();
        // A name stands for one image at a time.
        for (_, other) in known.images.iter_mut().filter(|(name, _)| *name != image) {
            other.references.remove(reference);
        }
        let fresh = KnownImage { references: BTreeSet::new(), pulled: false, used: now };
        let entry = known.images.entry(image.to_owned()).or_insert(fresh);
        let news = entry.references.insert(reference.to_owned()) || (pulled && !entry.pulled);
        entry.pulled |= pulled;
        entry.used = now;
        self.changed(known, news);
    }

    /// A source was fetched, and has a mirror now.
    pub(crate) fn fetched(&self, location: &str, now: Timestamp) {
        let mut known = self.known();
        let news = known.sources.insert(location.to_owned(), now).is_none();
        self.changed(known, news);
    }

    /// Forgets what is not here any more.
    pub(crate) fn keep(&self, image: impl Fn(&str) -> bool, source: impl Fn(&str) -> bool) {
        let mut known = self.known();
        known.images.retain(|name, _| image(name));
        known.sources.retain(|location, _| source(location));
        self.changed(known, true);
    }

    pub(crate) fn all(&self) -> Known {
        self.known().clone()
    }

    /// What builds may look for here, now and from now on.
    pub(crate) fn holds(&self) -> watch::Receiver<BTreeSet<Affinity>> {
        self.holds.subscribe()
    }

    /// Times of use alone are written with the next news: losing them keeps things a little shorter.
    fn changed(&self, known: MutexGuard<'_, Known>, news: bool) {
        if !news {
            return;
        }
        let holds = affinities(&known);
        self.holds.send_if_modified(|before| std::mem::replace(before, holds.clone()) != holds);
        let written = serde_json::to_vec(&*known).map_err(io::Error::from).and_then(|bytes| {
            let fresh = self.path.with_extension("new");
            std::fs::write(&fresh, bytes)?;
            std::fs::rename(fresh, &self.path)
        });
        if let Err(error) = written {
            tracing::warn!(file = %self.path.display(), %error, "what this agent pulled could not be written down");
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn affinities(known: &Known) -> BTreeSet<Affinity> {
    let images = known.images.values().flat_map(|image| &image.references).map(|name| Affinity::image(name));
    images.chain(known.sources.keys().map(|location| Affinity::source(location))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_executor::Fake;
    use buildyard_executor::fake::Method;

    fn request(pull: PullPolicy) -> ImageRequest {
        ImageRequest { reference: "app:1".into(), pull, login: None }
    }

    #[tokio::test]
    async fn only_what_was_not_here_before_counts_as_pulled() {
        let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::new());
        let shelf = Shelf::open(folder.path());
        let ask = |pull, now| {
            let (shelf, fake) = (&shelf, &fake);
            async move { shelf.image(fake, true, &request(pull), &|_| {}, Timestamp(now)).await.unwrap() }
        };
        let here = ask(PullPolicy::IfAbsent, 1).await;
        assert!(!shelf.all().images[&here].pulled);
        assert_eq!(ask(PullPolicy::Always, 2).await, here);
        assert!(!shelf.all().images[&here].pulled, "the same as before");
        fake.move_tags(5);
        fake.fail_next(Method::PrepareImage, ExecutorError::Image("absent".into()));
        let new = ask(PullPolicy::IfAbsent, 3).await;
        let known = Shelf::open(folder.path()).all();
        assert!(known.images[&new].pulled && known.images[&here].references.is_empty());
        assert_eq!(*shelf.holds().borrow(), BTreeSet::from([Affinity::image("app:1")]));
        shelf.keep(|_| false, |_| true);
        assert!(shelf.holds().borrow().is_empty() && Shelf::open(folder.path()).all().images.is_empty());
    }

    #[test]
    fn a_fetched_source_is_held() {
        let folder = tempfile::tempdir().unwrap();
        Shelf::open(folder.path()).fetched("https://h/r.git", Timestamp(1));
        let later = Shelf::open(folder.path());
        assert_eq!(*later.holds().borrow(), BTreeSet::from([Affinity::source("https://h/r.git")]));
    }
}
