//! A project's service role as the bounds of its builds: where it names somebody who is stored here, a build gets only
//! what that one's policies allow. Where it names nobody, builds are unbound; secrets can be kept from those.
//!
//! Invariant: what bounds a build is looked up anew at each of its requests, so that a policy that was changed counts.

#[cfg(test)]
mod tests;

use crate::projects::role_arn;
use crate::stored_secrets::SecretError;
use crate::{Error, Kind, Reach, SecretKind, Service};
use buildyard_access::policy::Context;
use buildyard_access::{Circumstances, Principal};
use buildyard_buildspec::SecretReference;
use buildyard_model::JobSpec;

/// What a build may reach for.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// The service role, where it binds.
    role: Option<(Principal, Context)>,
    /// Why an unbound build gets no secret, if it gets none.
    no_secrets: Option<String>,
}

impl Bounds {
    /// Lets a bound build pass if its role may do `action` on `resource`.
    pub(crate) fn check(&self, action: &str, resource: &str) -> Result<(), Error> {
        let Some((role, context)) = &self.role else { return Ok(()) };
        role.check(action, resource, context).map_err(|denial| {
            Error::new(Kind::Denied, format!("the project's service role does not reach it: {denial}"))
        })
    }
}

impl Service {
    /// What bounds a build.
    pub(crate) async fn bounds(&self, job: &JobSpec) -> Result<Bounds, Error> {
        let settings = self.settings();
        let named = job.project.as_ref().map(|project| project.service_role.as_str()).filter(|role| !role.is_empty());
        let role = match named {
            // One that could not be stored today names nobody either.
            Some(role) => self.role(&role_arn(role, settings).unwrap_or_else(|_| role.to_owned())).await?,
            None => None,
        };
        let Some(role) = role else {
            let no_secrets = settings.builds.require_role.then(|| without_role(job, named));
            return Ok(Bounds { role: None, no_secrets });
        };
        let now = self.now();
        let circumstances = Circumstances { now, region: settings.region.clone(), source: None, secure: false };
        let context = role.context(&circumstances);
        Ok(Bounds { role: Some((role, context)), no_secrets: None })
    }

    /// Lets a build have a secret that its buildspec or its environment names.
    pub(crate) async fn may_have_secret(
        &self,
        bounds: &Bounds,
        kind: SecretKind,
        reference: &str,
    ) -> Result<(), Error> {
        if let Some(problem) = &bounds.no_secrets {
            return Err(Error::new(Kind::Denied, format!("{reference} is kept from this build: {problem}")));
        }
        if bounds.role.is_none() {
            return Ok(());
        }
        match kind {
            SecretKind::ParameterStore => bounds.check("ssm:GetParameters", &self.settings().parameter_arn(reference)),
            SecretKind::SecretsManager => {
                bounds.check("secretsmanager:GetSecretValue", &self.resource_of_secret(reference).await?)
            }
        }
    }

    /// The whole ARN of a secret that is stored here, however it is named; policies may name that alone.
    async fn resource_of_secret(&self, reference: &str) -> Result<String, Error> {
        let asked = SecretReference::parse(reference).map_err(|error| Error::invalid(error.to_string()))?;
        match self.inner.safe.secret(&asked.secret_id).await {
            Ok(Some(record)) => Ok(self.inner.safe.secret_arn(&record)),
            Ok(None) => Ok(self.settings().secret_arn(reference)),
            Err(SecretError::Failed(error)) => Err(error),
            Err(other) => Err(Error::new(Kind::Internal, other.to_string())),
        }
    }

    /// What whoever names `role` for builds of `project` must be allowed: to pass it, where it binds, and where it would
    /// take the project's builds out of the bounds that they have. Where secrets need a role, whatever it is: one that
    /// names nobody may name somebody tomorrow.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a role.
    pub async fn passing(&self, project: &str, role: Option<&str>) -> Result<Option<Reach>, Error> {
        let Some(role) = role else { return Ok(None) };
        let settings = self.settings();
        let arn = role_arn(role, settings)?;
        let is_asked = settings.builds.require_role
            || self.role(&arn).await?.is_some()
            || match self.project_named(project).await? {
                Some(stored) if stored.service_role != arn => self.role(&stored.service_role).await?.is_some(),
                _ => false,
            };
        Ok(is_asked.then_some(Reach { action: "iam:PassRole", resource: arn }))
    }
}

fn without_role(job: &JobSpec, role: Option<&str>) -> String {
    let project = job.id.project();
    match role {
        Some(role) => format!(
            "the service role {role} of project {project} names no user and no policy of this coordinator, which gives \
             secrets only by one ([secrets] require_role): name one in the project, or make a user of that name"
        ),
        None => format!(
            "it belongs to no project with a service role, by which alone this coordinator gives secrets \
             ([secrets] require_role): make {project} a project, and start that"
        ),
    }
}
