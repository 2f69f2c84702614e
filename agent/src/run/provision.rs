//! PROVISIONING: the image, and the sandbox that is made of it.

use super::Build;
use super::halt::Halt;
use super::login;
use crate::site::{AGENT_LABEL, BUILD_LABEL, LEASE_LABEL, Site};
use buildyard_executor::{ExecutorError, ImageRequest, Limits, SandboxId, SandboxSpec};
use buildyard_model::{LeaseToken, PhaseContext, Resources};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Processes and threads of one build: far more than builds need, far fewer than a host has.
const PIDS: u32 = 16_384;

/// A sandbox that is being made.
pub(super) type Making = JoinHandle<Result<SandboxId, ExecutorError>>;

impl Build {
    /// Gets the image and makes the sandbox.
    pub(super) async fn provision(&mut self) -> Result<SandboxId, Halt> {
        if self.job.environment.privileged_mode && !self.site.allow_privileged {
            let reason = format!(
                "agent {} does not allow privileged builds: set allow_privileged in its config",
                self.site.name
            );
            return Err(Halt::Failed(PhaseContext::new("CLIENT_ERROR", reason)));
        }
        self.folder.make_memory().map_err(|error| Halt::disk("make a folder in memory", &error))?;
        let asking = login::ask(&self.job, &self.transfers);
        let login = Self::unless_ended(&mut self.orders, self.deadline, asking).await?;
        let (reference, pull) = (self.job.environment.image.clone(), self.job.environment.pull_policy);
        let request = ImageRequest { reference, pull, login };
        let (site, intro) = (self.site.clone(), &self.intro);
        let progress = |line: String| intro.say(&line);
        let preparing =
            async { site.executor.prepare_image(&request, &progress).await.map_err(|error| image_halt(&error)) };
        let image = Self::unless_ended(&mut self.orders, self.deadline, preparing).await?;
        self.state.image_digest = image.contains("sha256:").then(|| image.clone());
        self.make(image).await
    }

    /// Makes the sandbox on a task of its own: dropped half-way, the engine would go on with it behind our back.
    async fn make(&mut self, image: String) -> Result<SandboxId, Halt> {
        let (executor, spec) = (self.site.executor.clone(), self.spec(image));
        let making = self.making.insert(tokio::spawn(async move { executor.create(&spec).await }));
        let made = async {
            match making.await {
                Ok(made) => made.map_err(|error| halt(&error)),
                Err(error) => Err(Halt::Fault(PhaseContext::new("INTERNAL_ERROR", error.to_string()))),
            }
        };
        let sandbox = Self::unless_ended(&mut self.orders, self.deadline, made).await?;
        self.making = None;
        Ok(sandbox)
    }

    fn spec(&self, image: String) -> SandboxSpec {
        let path = |path: &std::path::Path| path.display().to_string();
        SandboxSpec {
            name: self.lease.slug(),
            labels: labels(&self.site, &self.lease),
            image,
            command: vec![
                path(&self.layout.binary),
                "runner".to_owned(),
                "--control".to_owned(),
                path(&self.layout.control),
            ],
            environment: BTreeMap::new(),
            mounts: self.layout.mounts(&self.folder, &self.site.binary),
            tmpfs: self.layout.tmpfs(),
            working_directory: self.layout.readonly.clone(),
            limits: Limits {
                resources: limits(self.job.environment.resources(), self.site.capabilities.resources),
                pids: PIDS,
            },
            privileged: self.job.environment.privileged_mode,
        }
    }
}

fn labels(site: &Site, lease: &LeaseToken) -> BTreeMap<String, String> {
    [(AGENT_LABEL, site.name.to_string()), (LEASE_LABEL, lease.slug()), (BUILD_LABEL, lease.build.to_string())]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A build is never refused for its size alone: its limits are then the host's own size.
fn limits(wanted: Resources, host: Resources) -> Resources {
    Resources { vcpu: wanted.vcpu.min(host.vcpu).max(1), memory_mib: wanted.memory_mib.min(host.memory_mib) }
}

/// Removes every sandbox of a lease, known or not.
pub(super) async fn remove_leftovers(site: &Arc<Site>, lease: &LeaseToken) -> Result<(), ExecutorError> {
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

    #[test]
    fn limits_are_the_compute_types_or_the_hosts() {
        let resources = |vcpu, memory_mib| Resources { vcpu, memory_mib };
        assert_eq!(limits(resources(2, 4096), resources(8, 16_000)), resources(2, 4096));
        assert_eq!(limits(resources(72, 147_456), resources(8, 16_000)), resources(8, 16_000));
    }
}
