//! Tells whoever watches a build that it changed.

use crate::{Error, Service};
use buildyard_model::{BuildId, BuildView};
use tokio::sync::broadcast;

/// Changes that may wait for one slow watcher; it reads the store again when it missed some.
const BACKLOG: usize = 1024;

#[derive(Debug)]
pub(crate) struct Changes(broadcast::Sender<BuildId>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Changes {
    pub(crate) fn tell(&self, build: &BuildId) {
        // Nobody listening is no error.
        let _ = self.0.send(build.clone());
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<BuildId> {
        self.0.subscribe()
    }
}

/// Waits for the build's next change; also returns when some were missed.
pub(crate) async fn next(changes: &mut broadcast::Receiver<BuildId>, build: &BuildId) {
    loop {
        match changes.recv().await {
            Ok(changed) if changed == *build => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// A build's view now and after each change.
#[derive(Debug)]
pub struct BuildWatch {
    service: Service,
    build: BuildId,
    changes: broadcast::Receiver<BuildId>,
    last: Option<BuildView>,
}

impl Service {
    /// Watches a build from now on.
    pub fn watch(&self, build: &BuildId) -> BuildWatch {
        BuildWatch { service: self.clone(), build: build.clone(), changes: self.inner.changes.listen(), last: None }
    }
}

impl BuildWatch {
    /// The next view that differs from the last one; `None` when the build is complete and was shown so.
    pub async fn next(&mut self) -> Result<Option<BuildView>, Error> {
        if self.last.as_ref().is_some_and(|view| view.build_complete) {
            return Ok(None);
        }
        loop {
            let view = self.service.build(&self.build).await?;
            if self.last.as_ref() != Some(&view) {
                self.last = Some(view.clone());
                return Ok(Some(view));
            }
            next(&mut self.changes, &self.build).await;
        }
    }
}
