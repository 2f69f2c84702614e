//! Tells a build's followers that its journals may have grown: the agent's own writing rings the bell, and so does
//! the kernel when the runner writes to the control folder.
//!
//! A ring is a hint, not a promise (file systems of virtual machines give none): who waits for one looks by itself
//! now and then.

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask, Watches};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_stream::StreamExt;

/// How often a follower looks without having been rung for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Rung when a journal may have grown.
#[derive(Debug, Clone)]
pub(crate) struct Bell(Arc<watch::Sender<()>>);

/// Hears a bell. Every ring after the last `heard` counts, also one that came before it was listened for.
#[derive(Debug)]
pub(crate) struct Listener(watch::Receiver<()>);

impl Bell {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }

    pub(crate) fn ring(&self) {
        self.0.send_replace(());
    }

    pub(crate) fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Listener {
    /// Forgets the rings so far; to be called before looking.
    pub(crate) fn reset(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits for a ring, or until it is time to look anyway.
    pub(crate) async fn heard(&mut self) {
        let _ = tokio::time::timeout(LOOK_EVERY, self.0.changed()).await;
    }
}

type Bells = Arc<Mutex<HashMap<WatchDescriptor, Bell>>>;

/// The kernel's notices of all control folders, in one instance: hosts allow a user only a few.
#[derive(Debug)]
pub(crate) struct Ringer {
    watches: Option<Watches>,
    bells: Bells,
}

/// Rings for one folder while it lives.
#[derive(Debug)]
pub(crate) struct Ringing {
    watches: Watches,
    bells: Bells,
    folder: WatchDescriptor,
}

impl Ringer {
    /// Begins to listen to the kernel. Where the host has no instance left, bells ring only for the agent's own
    /// writing, and followers look by themselves.
    pub(crate) fn start() -> Self {
        let bells = Bells::default();
        let watches = match begin(&bells) {
            Ok(watches) => Some(watches),
            Err(error) => {
                tracing::warn!(%error, "the kernel gives no notice of file changes; logs are looked for twice a second");
                None
            }
        };
        Self { watches, bells }
    }

    /// Rings `bell` for every write in `folder`, until the value is dropped.
    pub(crate) fn ring_for(&self, folder: &Path, bell: &Bell) -> Option<Ringing> {
        let mut watches = self.watches.clone()?;
        // Held over both steps, so that a notice finds its bell.
        let mut bells = lock(&self.bells);
        match watches.add(folder, WatchMask::MODIFY | WatchMask::CREATE | WatchMask::MOVED_TO) {
            Ok(descriptor) => {
                bells.insert(descriptor.clone(), bell.clone());
                Some(Ringing { watches, bells: self.bells.clone(), folder: descriptor })
            }
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "no notice of changes in a build's folder");
                None
            }
        }
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        if lock(&self.bells).remove(&self.folder).is_some() {
            // Fails when the folder is gone, and the watch with it.
            let _ = self.watches.remove(self.folder.clone());
        }
    }
}

fn begin(bells: &Bells) -> io::Result<Watches> {
    let inotify = Inotify::init()?;
    let watches = inotify.watches();
    let mut notices = inotify.into_event_stream(vec![0; 16 << 10])?;
    let bells = bells.clone();
    tokio::spawn(async move {
        while let Some(Ok(notice)) = notices.next().await {
            let mut bells = lock(&bells);
            if notice.mask.contains(EventMask::Q_OVERFLOW) {
                bells.values().for_each(Bell::ring);
            } else if notice.mask.contains(EventMask::IGNORED) {
                bells.remove(&notice.wd);
            } else if let Some(bell) = bells.get(&notice.wd) {
                bell.ring();
            }
        }
    });
    Ok(watches)
}

fn lock(bells: &Bells) -> MutexGuard<'_, HashMap<WatchDescriptor, Bell>> {
    bells.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_in_the_folder_rings() {
        let directory = tempfile::tempdir().unwrap();
        let (ringer, bell) = (Ringer::start(), Bell::new());
        let ringing = ringer.ring_for(directory.path(), &bell).unwrap();
        let mut listener = bell.listen();
        std::fs::write(directory.path().join("journal"), "x").unwrap();
        tokio::time::timeout(Duration::from_secs(2), listener.0.changed()).await.unwrap().unwrap();
        drop(ringing);
        assert!(lock(&ringer.bells).is_empty());
    }
}
