//! A warm container becomes a build's own, or turns out to be of no use: then the build gets one as if there were none.

use super::halt::Halt;
use super::{Build, provision, sandbox};
use crate::folder::Stage;
use crate::retry;
use crate::warm::Spare;
use backon::Retryable;
use buildyard_executor::{ExecutorError, SandboxId};

/// A warm container that the lease took.
#[derive(Debug)]
pub(super) struct Taken {
    pub id: SandboxId,
    /// The image that it was made from; absent when it cannot be used.
    pub image: Option<String>,
}

impl Build {
    /// Takes a warm container, if one waits, with its folders. To be called while the build's own are empty.
    pub(super) fn take_warm(&self) -> Option<Taken> {
        if !self.layout.in_container {
            return None;
        }
        let shape = sandbox::shape(&self.job, self.site.capabilities.resources);
        let Spare { id, image, folder, .. } = self.site.warm.take(&self.lease, &shape)?;
        match self.folder.take_over(&folder) {
            Ok(()) => Some(Taken { id, image: Some(image) }),
            Err(error) => {
                tracing::warn!(sandbox = %id.0, %error, "a warm container's folders could not be taken over");
                Some(Taken { id, image: None })
            }
        }
    }

    /// Removes a warm container that is of no use. Its runner must be gone before there is a plan that it could find.
    pub(super) async fn put_away(&mut self, id: &SandboxId) -> Result<(), Halt> {
        let executor = self.site.executor.clone();
        let removal = || executor.remove(id);
        let removing = async {
            let removed = removal.retry(retry::of_calls()).when(|error| matches!(error, ExecutorError::Unreachable(_)));
            removed.await.map_err(|error| provision::halt(&error))
        };
        Self::unless_ended(&mut self.orders, self.deadline, removing).await?;
        self.site.warm.forget(&self.lease);
        Ok(())
    }

    /// The warm container died before its runner began: nothing of the build was touched.
    pub(super) async fn go_cold(&mut self, dead: &SandboxId) -> Result<SandboxId, Halt> {
        tracing::warn!(sandbox = %dead.0, "a warm container died before its build began; the build gets another");
        self.put_away(dead).await?;
        let step = self.trace.begin("image", None);
        let image = step.end(self.image(false).await)?;
        let step = self.trace.begin("sandbox", None);
        let sandbox = step.end(self.make(image).await)?;
        self.state.warm = false;
        self.state.stage = Stage::Walking { sandbox: sandbox.clone() };
        self.keep()?;
        Ok(sandbox)
    }

    /// Whether a sandbox that has ended never began with the plan. The runner makes its journal before anything else.
    pub(super) fn never_began(&self) -> bool {
        self.state.warm && self.folder.journal().symlink_metadata().is_err()
    }
}
