//! A project's source as a job names it (reference 4.1). Pure; credentials are `credentials`'.

use crate::Error;
use buildyard_model::project::ProjectSource;
use buildyard_model::source::{GitLocation, git_location};
use buildyard_model::{Source, SourceKind};

pub(super) const NO_SOURCE: &str = "NO_SOURCE";
/// A project's location when an organization's webhook names the repository of each build.
const WEBHOOK_LOCATION: &str = "CODEBUILD_DEFAULT_WEBHOOK_SOURCE_LOCATION";
/// Providers that are told how a build went.
const REPORTING: [&str; 5] = ["GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET"];

/// The source, without credentials.
pub(super) fn source(project: &ProjectSource, version: Option<&str>) -> Result<Source, Error> {
    if project.report_build_status == Some(true) && !REPORTING.contains(&project.kind.as_str()) {
        let kind = &project.kind;
        return Err(Error::invalid(format!("reportBuildStatus is not for sources of type {kind}")));
    }
    let kind = match project.kind.as_str() {
        NO_SOURCE => SourceKind::None,
        "S3" => SourceKind::S3 { location: without_arn(location(project)?).to_owned() },
        "GITHUB" | "GITHUB_ENTERPRISE" | "GITLAB" | "GITLAB_SELF_MANAGED" | "BITBUCKET" | "CODECOMMIT" => {
            SourceKind::Git {
                location: clone_url(location(project)?)?,
                depth: project.git_clone_depth.unwrap_or(0),
                submodules: project.git_submodules_config.as_ref().is_some_and(|config| config.fetch_submodules),
                credentials: None,
            }
        }
        "CODEPIPELINE" => {
            return Err(Error::invalid(
                "a source of type CODEPIPELINE is only for builds that a pipeline starts, which are not served yet: \
                 override the source type and location",
            ));
        }
        other => return Err(Error::invalid(format!("Invalid type provided: Project source type {other}"))),
    };
    let version = version.filter(|version| !version.is_empty() && kind != SourceKind::None).map(str::to_owned);
    Ok(Source { kind, version })
}

fn location(source: &ProjectSource) -> Result<&str, Error> {
    match source.location.as_deref().filter(|location| !location.is_empty()) {
        Some(WEBHOOK_LOCATION) => Err(Error::invalid(
            "the project's source is named by its webhook: start a build of it with sourceLocationOverride",
        )),
        Some(location) => Ok(location),
        None => Err(Error::invalid("Project source location is required")),
    }
}

fn without_arn(location: &str) -> &str {
    location.split_once(":s3:::").filter(|(arn, _)| arn.starts_with("arn:")).map_or(location, |(_, place)| place)
}

/// Providers show clone URLs with a user's name in them, which says nothing; a password in one is refused. Paths and
/// ssh are not for this door: CodeBuild clones over HTTPS.
fn clone_url(location: &str) -> Result<String, Error> {
    let plain = match location.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (user, rest))) if !user.contains(['/', ':']) => format!("{scheme}://{rest}"),
        _ => location.to_owned(),
    };
    match git_location(&plain) {
        Ok(GitLocation::Https { .. } | GitLocation::Http { .. }) => Ok(plain),
        Ok(GitLocation::Ssh { .. } | GitLocation::Path { .. }) => {
            Err(Error::invalid("the source location is no https:// clone URL"))
        }
        Err(problem) => Err(Error::invalid(problem)),
    }
}
