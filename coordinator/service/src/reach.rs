//! What a project or an override reaches for: secrets, parameters, objects, log groups. Builds themselves hold no rights, so
//! whoever names such a thing must be allowed it, or a build would lend its reach to anybody. Pure.
//!
//! What a project holds already stays usable by all who may start it, as with CodeBuild's service role. What a buildspec
//! in the source names is bounded by `service_role`, where the project's names somebody.

#[cfg(test)]
mod tests;

use crate::{Overrides, ProjectRequest, Settings};
use buildyard_model::project::{LogsConfig, ProjectArtifacts, ProjectSource};
use buildyard_model::{BuildspecOrigin, EnvironmentVariable, VariableKind};

/// An action that the caller must be allowed on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// As in policies: `s3:GetObject`.
    pub action: &'static str,
    /// An ARN.
    pub resource: String,
}

impl Settings {
    /// The resource of a parameter that is named by name or ARN, each with or without a version or label.
    pub(crate) fn parameter_arn(&self, reference: &str) -> String {
        if reference.starts_with("arn:") {
            return reference.split(':').take(6).collect::<Vec<_>>().join(":");
        }
        let name = reference.split(':').next().unwrap_or(reference).trim_start_matches('/');
        format!("arn:aws:ssm:{}:{}:parameter/{name}", self.region, self.account)
    }

    /// The resource of a secret as a build's reference names it; by name, the ARN has six characters that only its
    /// record knows.
    pub(crate) fn secret_arn(&self, reference: &str) -> String {
        if reference.starts_with("arn:") {
            return reference.split(':').take(7).collect::<Vec<_>>().join(":");
        }
        let name = reference.split(':').next().unwrap_or(reference);
        format!("arn:aws:secretsmanager:{}:{}:secret:{name}-??????", self.region, self.account)
    }

    /// What the members given by CreateProject or UpdateProject reach for.
    pub fn reach_of_project(&self, given: &ProjectRequest) -> Vec<Reach> {
        let mut reach = Collector { settings: self, project: &given.name, found: Vec::new() };
        given.source.iter().chain(given.secondary_sources.iter().flatten()).for_each(|source| reach.source(source));
        given.artifacts.iter().chain(given.secondary_artifacts.iter().flatten()).for_each(|one| reach.artifacts(one));
        if let Some(environment) = &given.environment {
            reach.variables(&environment.environment_variables);
            environment.registry_credential.iter().for_each(|one| reach.secret(&one.credential));
        }
        given.logs_config.iter().for_each(|logs| reach.logs(logs));
        reach.found
    }

    /// What StartBuild's overrides reach for, in a build of `project`.
    pub fn reach_of_overrides(&self, project: &str, given: &Overrides) -> Vec<Reach> {
        let mut reach = Collector { settings: self, project, found: Vec::new() };
        let location = given.source_location_override.clone();
        // Without a type the stored one counts, which is not known here; what may be a bucket is taken for one.
        let is_bucket = location.as_deref().is_some_and(may_be_in_a_bucket);
        let kind = given.source_type_override.clone().or_else(|| is_bucket.then(|| "S3".to_owned()));
        reach.source(&ProjectSource {
            kind: kind.unwrap_or_default(),
            location,
            buildspec: given.buildspec_override.clone(),
            auth: given.source_auth_override.clone(),
            ..ProjectSource::default()
        });
        given.secondary_sources_override.iter().flatten().for_each(|source| reach.source(source));
        let secondary = given.secondary_artifacts_override.iter().flatten();
        given.artifacts_override.iter().chain(secondary).for_each(|one| reach.artifacts(one));
        reach.variables(given.environment_variables_override.as_deref().unwrap_or_default());
        given.registry_credential_override.iter().for_each(|one| reach.secret(&one.credential));
        given.logs_config_override.iter().for_each(|logs| reach.logs(logs));
        reach.found
    }
}

struct Collector<'a> {
    settings: &'a Settings,
    project: &'a str,
    found: Vec<Reach>,
}

impl Collector<'_> {
    fn add(&mut self, action: &'static str, resource: String) {
        self.found.push(Reach { action, resource });
    }

    fn source(&mut self, source: &ProjectSource) {
        if let Some(location) = source.location.as_deref().filter(|_| source.kind == "S3") {
            let folder = if location.ends_with('/') { "*" } else { "" };
            self.add("s3:GetObject", format!("arn:aws:s3:::{}{folder}", plain(location)));
        }
        if let Some(secret) = source.auth.as_ref().filter(|auth| auth.kind == "SECRETS_MANAGER") {
            secret.resource.iter().for_each(|secret| self.secret(secret));
        }
        match source.buildspec.as_deref().map(BuildspecOrigin::from_text) {
            Some(BuildspecOrigin::S3(object)) => self.add("s3:GetObject", format!("arn:aws:s3:::{object}")),
            Some(BuildspecOrigin::Inline(text)) => self.buildspec(&text),
            Some(BuildspecOrigin::Default | BuildspecOrigin::Path(_)) | None => {}
        }
    }

    /// One that cannot be read fails its build, and reaches for nothing.
    fn buildspec(&mut self, text: &str) {
        let Ok(buildspec) = buildyard_buildspec::parse(text) else { return };
        buildspec.env.parameter_store.iter().for_each(|(_, name)| self.parameter(name));
        buildspec.env.secrets_manager.iter().for_each(|(_, reference)| self.secret(reference));
    }

    fn variables(&mut self, variables: &[EnvironmentVariable]) {
        for variable in variables {
            match variable.kind {
                VariableKind::Plaintext => {}
                VariableKind::ParameterStore => self.parameter(&variable.value),
                VariableKind::SecretsManager => self.secret(&variable.value),
            }
        }
    }

    fn parameter(&mut self, name: &str) {
        self.add("ssm:GetParameters", self.settings.parameter_arn(name));
    }

    fn secret(&mut self, reference: &str) {
        self.add("secretsmanager:GetSecretValue", self.settings.secret_arn(reference));
    }

    fn artifacts(&mut self, artifacts: &ProjectArtifacts) {
        let Some(bucket) = artifacts.location.as_deref().filter(|bucket| artifacts.kind == "S3" && !bucket.is_empty())
        else {
            return;
        };
        let is = |given: &Option<String>, value: &str| given.as_deref() == Some(value);
        // With BUILD_ID the buildspec's s3-prefix comes before the path (reference 6.2), so nothing of the key is settled;
        // with an overridden name the path is.
        let is_anywhere = is(&artifacts.namespace_type, "BUILD_ID");
        let is_open = is_anywhere || artifacts.override_artifact_name == Some(true);
        let path = artifacts.path.as_deref().filter(|_| !is_anywhere).unwrap_or_default();
        let name = artifacts.name.as_deref().filter(|_| !is_open).unwrap_or(if is_open { "" } else { self.project });
        let parts = [plain(bucket), path, name];
        let parts = parts.iter().flat_map(|part| part.split('/')).filter(|part| !part.is_empty());
        let key = parts.collect::<Vec<_>>().join("/");
        let is_one_object = !is_open && is(&artifacts.packaging, "ZIP");
        let below = if is_one_object { "" } else { "/*" };
        self.add("s3:PutObject", format!("arn:aws:s3:::{key}{below}"));
    }

    fn logs(&mut self, logs: &LogsConfig) {
        if let Some(location) =
            logs.s3_logs.as_ref().filter(|s3| s3.status == "ENABLED").and_then(|s3| s3.location.as_deref())
        {
            self.add("s3:PutObject", format!("arn:aws:s3:::{}/*", plain(location).trim_end_matches('/')));
        }
        let group = logs.cloud_watch_logs.as_ref().and_then(|logs| logs.group_name.as_deref());
        let own = format!("/aws/codebuild/{}", self.project);
        if let Some(group) = group.filter(|group| !group.is_empty() && *group != own) {
            let Settings { region, account, .. } = self.settings;
            self.add("logs:PutLogEvents", format!("arn:aws:logs:{region}:{account}:log-group:{group}:*"));
        }
    }
}

/// Whether a location's first part could name a bucket; that of a git location has a colon or a user.
fn may_be_in_a_bucket(location: &str) -> bool {
    plain(location).split('/').next().is_some_and(|bucket| !bucket.contains([':', '@']))
}

/// A bucket and what stands behind it, given as such or as an ARN.
fn plain(location: &str) -> &str {
    location.split_once(":s3:::").map_or(location, |(_, place)| place)
}
