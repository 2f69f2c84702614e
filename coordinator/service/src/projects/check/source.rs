//! Sources (reference 4.1) and buildspecs (reference 1.1).

use super::{check_identifiers, given, refuse};
use crate::Error;
use buildyard_model::project::ProjectSource;
use buildyard_model::source::{GitLocation, git_location};
use buildyard_model::{Project, SourceKind};
use std::collections::HashSet;

/// Bytes of an inline buildspec.
const LARGEST_BUILDSPEC: usize = 1024 * 1024;
/// Stands for whatever repository a webhook of an organization names.
const WEBHOOK_LOCATION: &str = "CODEBUILD_DEFAULT_WEBHOOK_SOURCE_LOCATION";
/// Providers that take commit statuses.
const REPORTING: [&str; 5] = ["GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET"];

pub(super) fn check(project: &Project) -> Result<(), Error> {
    check_one(&project.source)?;
    for source in &project.secondary_sources {
        if source.kind == "NO_SOURCE" {
            return refuse("a secondary source of type NO_SOURCE holds nothing: leave it out");
        }
        check_one(source)?;
    }
    let identifiers = || project.secondary_sources.iter().map(|source| source.source_identifier.as_deref());
    check_identifiers("sourceIdentifier", identifiers())?;
    let known: HashSet<&str> = identifiers().flatten().collect();
    let mut seen = HashSet::new();
    for version in &project.secondary_source_versions {
        let identifier = version.source_identifier.as_str();
        if !known.contains(identifier) {
            return refuse(format!("secondarySourceVersions names {identifier:?}, which is no secondary source"));
        }
        if !seen.insert(identifier) {
            return refuse(format!("secondarySourceVersions names {identifier} twice"));
        }
    }
    check_buildspec(&project.source)
}

fn check_one(source: &ProjectSource) -> Result<(), Error> {
    let kind = source.kind.as_str();
    if source.report_build_status == Some(true) && !REPORTING.contains(&kind) {
        return refuse(format!("reportBuildStatus is not supported for source type {kind}"));
    }
    if let Some(auth) = &source.auth
        && auth.kind != "OAUTH"
        && given(auth.resource.as_deref()).is_none()
    {
        return refuse(format!("source auth of type {} needs a resource", auth.kind));
    }
    if matches!(kind, "NO_SOURCE" | "CODEPIPELINE") {
        return Ok(());
    }
    match given(source.location.as_deref()) {
        // CodeBuild's own words (reference 12.4).
        None => refuse("Project source location is required"),
        Some(WEBHOOK_LOCATION) if REPORTING.contains(&kind) => Ok(()),
        Some(location) if kind == "S3" => {
            let place = location.strip_prefix("arn:aws:s3:::").unwrap_or(location);
            let problem = SourceKind::S3 { location: place.to_owned() }.problem();
            problem.map_or(Ok(()), |problem| refuse(format!("Invalid project source: {problem}")))
        }
        Some(location) => match git_problem(kind, location) {
            Some(problem) => refuse(format!("Invalid project source: {problem}")),
            None => Ok(()),
        },
    }
}

fn git_problem(kind: &str, location: &str) -> Option<String> {
    let plain = without_user(location);
    let (host, secure) = match git_location(&plain) {
        Ok(GitLocation::Https { host, .. }) => (host, true),
        Ok(GitLocation::Http { host, .. }) => (host, false),
        Ok(GitLocation::Ssh { .. } | GitLocation::Path { .. }) => {
            return Some(format!("the location of a source of type {kind} must be an HTTPS clone URL"));
        }
        Err(problem) => return Some(problem),
    };
    if !secure && kind != "GITHUB_ENTERPRISE" {
        return Some(format!("the location of a source of type {kind} must be an HTTPS clone URL"));
    }
    let host = host.to_ascii_lowercase();
    let at_home = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let right = match kind {
        "GITHUB" => at_home("github.com"),
        "BITBUCKET" => at_home("bitbucket.org"),
        "CODECOMMIT" => host.starts_with("git-codecommit"),
        _ => true,
    };
    (!right).then(|| format!("{host} is not where a source of type {kind} lies"))
}

/// Providers show clone URLs with a user's name before the host. A password there is left to be refused.
fn without_user(location: &str) -> String {
    match location.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (user, rest))) if !user.contains(['/', ':']) => format!("{scheme}://{rest}"),
        _ => location.to_owned(),
    }
}

/// Only the primary source's counts.
fn check_buildspec(source: &ProjectSource) -> Result<(), Error> {
    let text = given(source.buildspec.as_deref()).unwrap_or_default();
    if text.len() > LARGEST_BUILDSPEC {
        return refuse(format!("the buildspec is {} bytes long; at most {LARGEST_BUILDSPEC} are taken", text.len()));
    }
    if source.kind == "NO_SOURCE" && !text.starts_with("arn:") && !is_inline(text) {
        return refuse("a project of source type NO_SOURCE needs its buildspec inline or as the ARN of an S3 object");
    }
    if !is_inline(text) && text.chars().any(char::is_control) {
        return refuse("the buildspec's path holds a control character");
    }
    Ok(())
}

/// Reference 18, question 1: a text is a buildspec when it has lines or reads as a mapping, and else names a file.
fn is_inline(text: &str) -> bool {
    text.contains(['\n', '\r']) || text.contains(": ") || text.trim_start().starts_with('{')
}
