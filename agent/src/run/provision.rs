//! PROVISIONING: the image, and the sandbox that is made of it.

use super::Build;
use super::halt::Halt;
use super::login;
use super::sandbox::{self, Wanted};
use super::takeover::Taken;
use crate::site::{AGENT_LABEL, BUILD_LABEL, LEASE_LABEL, Site};
use crate::warm;
use buildyard_executor::{ExecutorError, ImageRequest, SandboxId, SandboxSpec};
use buildyard_model::{LeaseToken, Phase, PhaseContext};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A sandbox that is being made.
pub(super) type Making = JoinHandle<Result<SandboxId, ExecutorError>>;

impl Build {
    /// Gets the image and the sandbox: the warm one that was taken, if it is of this image, or a new one.
    pub(super) async fn provision(&mut self, taken: Option<Taken>) -> Result<SandboxId, Halt> {
        if self.job.environment.privileged_mode && !self.site.allow_privileged {
            let reason = format!(
                "agent {} does not allow privileged builds: set allow_privileged in its config",
                self.site.name
            );
            return Err(Halt::Failed(PhaseContext::new("CLIENT_ERROR", reason)));
        }
        self.folder.make_memory().map_err(|error| Halt::disk("make a folder in memory", &error))?;
        let step = self.trace.begin("image", Some(Phase::Provisioning));
        let image = step.end(self.image(true).await)?;
        self.state.image_digest = image.contains("sha256:").then(|| image.clone());
        match taken {
            Some(taken) if taken.image.as_ref() == Some(&image) => {
                self.state.warm = true;
                self.site.metrics.sandbox(true);
                return Ok(taken.id);
            }
            Some(other) => self.put_away(&other.id).await?,
            None => {}
        }
        let step = self.trace.begin("sandbox", Some(Phase::Provisioning));
        step.end(self.make(image).await)
    }

    /// Makes sure that the image is there, and gives its name to run it by. `aloud`: the build's log may still be told how
    /// that goes.
    pub(super) async fn image(&mut self, aloud: bool) -> Result<String, Halt> {
        let asking = login::ask(&self.job, &self.transfers);
        let login = Self::unless_ended(&mut self.orders, self.deadline, asking).await?;
        let (reference, pull) = (self.job.environment.image.clone(), self.job.environment.pull_policy);
        let request = ImageRequest { reference, pull, login };
        let (site, intro) = (self.site.clone(), &self.intro);
        let progress = |line: String| {
            if aloud {
                intro.say(&line);
            }
        };
        let now = site.clock.now();
        let preparing = async {
            let prepared = site.shelf.image(&*site.executor, site.stock.is_some(), &request, &progress, now).await;
            prepared.map_err(|error| image_halt(&error))
        };
        Self::unless_ended(&mut self.orders, self.deadline, preparing).await
    }

    /// Makes the sandbox on a task of its own: dropped half-way, the engine would go on with it behind our back.
    pub(super) async fn make(&mut self, image: String) -> Result<SandboxId, Halt> {
        let (executor, spec) = (self.site.executor.clone(), self.spec(image));
        let making = self.making.insert(tokio::spawn(async move { executor.create(&spec).await }));
        // Told to end: what is being made is still to be waited for.
        let made = Self::unless_ended(&mut self.orders, self.deadline, async { Ok(making.await) }).await?;
        self.making = None;
        match made {
            Ok(made) => made.inspect(|_| self.site.metrics.sandbox(false)).map_err(|error| halt(&error)),
            Err(error) => Err(Halt::Fault(PhaseContext::new("INTERNAL_ERROR", error.to_string()))),
        }
    }

    fn spec(&self, image: String) -> SandboxSpec {
        let shape = sandbox::shape(&self.job, self.site.capabilities.resources);
        let labels = [
            (AGENT_LABEL, self.site.name.to_string()),
            (LEASE_LABEL, self.lease.slug()),
            (BUILD_LABEL, self.lease.build.to_string()),
        ];
        let labels = sandbox::labels(labels);
        let tenant = Some(warm::tenant(&self.lease).to_owned());
        let wanted = Wanted { name: self.lease.slug(), labels, image, shape: &shape, tenant, waits: false };
        sandbox::spec(&self.layout, &self.folder, &self.site.binary, wanted)
    }
}

/// Removes every sandbox of a lease, known or not.
pub(super) async fn remove_leftovers(site: &Arc<Site>, lease: &LeaseToken) -> Result<(), ExecutorError> {
    // Its label is not the lease's.
    if let Some(taken) = site.warm.taken(lease) {
        site.executor.remove(&taken).await?;
    }
    for found in site.executor.list(LEASE_LABEL, &lease.slug()).await? {
        site.executor.remove(&found.id).await?;
    }
    Ok(())
}

/// Reference 1.7: one status code and one sentence, whosever trouble it is.
fn image_halt(error: &ExecutorError) -> Halt {
    let context = |text: &str| {
        let message = format!("Unable to pull customer's container image. {text}");
        PhaseContext::new("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", message)
    };
    match error {
        ExecutorError::Image(text) => Halt::Failed(context(text)),
        ExecutorError::Registry(text) => Halt::Fault(context(text)),
        other => halt(other),
    }
}

/// What an executor's failure means for a build.
pub(super) fn halt(error: &ExecutorError) -> Halt {
    match error {
        ExecutorError::Image(text) => {
            Halt::Failed(PhaseContext::new("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", text.clone()))
        }
        ExecutorError::Refused(text) => Halt::Failed(PhaseContext::new("CLIENT_ERROR", text.clone())),
        ExecutorError::Registry(_)
        | ExecutorError::Unreachable(_)
        | ExecutorError::Gone(_)
        | ExecutorError::Failed(_) => Halt::Fault(PhaseContext::new("INTERNAL_ERROR", error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_is_refused_is_the_owners_and_a_registry_that_is_away_is_ours() {
        let code = "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE";
        let refused = image_halt(&ExecutorError::Image("pull access denied".into()));
        assert!(matches!(refused, Halt::Failed(context) if context.status_code == code));
        let away = image_halt(&ExecutorError::Registry("connection refused; see".into()));
        let Halt::Fault(context) = away else { panic!("{away:?}") };
        assert_eq!(context.status_code, code);
        assert_eq!(context.message, "Unable to pull customer's container image. connection refused; see");
    }
}
