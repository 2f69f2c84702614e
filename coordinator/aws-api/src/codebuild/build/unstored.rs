//! The project that a build would have had: for builds that `buildyard start` and `run` submit without one.

use buildyard_model::project::{GitSubmodulesConfig, ProjectArtifacts, ProjectEnvironment, ProjectSource};
use buildyard_model::{
    ArtifactKind, ArtifactSpec, BuildspecOrigin, EnvironmentType, JobSpec, Namespace, Packaging, Project, Source,
    SourceKind,
};

pub(super) fn project(job: &JobSpec) -> Project {
    Project {
        name: job.id.project().to_string(),
        source: ProjectSource { buildspec: buildspec(&job.buildspec), ..source(&job.source) },
        source_version: job.source.version.clone(),
        secondary_sources: job
            .secondary_sources
            .iter()
            .map(|one| ProjectSource { source_identifier: Some(one.source_identifier.clone()), ..source(&one.source) })
            .collect(),
        artifacts: artifacts(&job.artifacts),
        secondary_artifacts: job.secondary_artifacts.iter().map(artifacts).collect(),
        environment: ProjectEnvironment {
            kind: match job.environment.kind {
                EnvironmentType::LinuxContainer => "LINUX_CONTAINER".to_owned(),
                EnvironmentType::ArmContainer => "ARM_CONTAINER".to_owned(),
            },
            image: job.environment.image.clone(),
            compute_type: job.environment.compute_type.name().to_owned(),
            environment_variables: job.environment.environment_variables.clone(),
            privileged_mode: Some(job.environment.privileged_mode),
            ..ProjectEnvironment::default()
        },
        ..Project::default()
    }
}

fn source(source: &Source) -> ProjectSource {
    let some = |kind: &str, location: &str| ProjectSource {
        kind: kind.to_owned(),
        location: Some(location.to_owned()),
        ..ProjectSource::default()
    };
    match &source.kind {
        // A folder of the agent's host is nothing that CodeBuild could name.
        SourceKind::None | SourceKind::Local { .. } => {
            ProjectSource { kind: "NO_SOURCE".to_owned(), ..ProjectSource::default() }
        }
        SourceKind::S3 { location } => some("S3", location),
        SourceKind::Git { location, depth, submodules, .. } => ProjectSource {
            git_clone_depth: Some(*depth),
            git_submodules_config: Some(GitSubmodulesConfig { fetch_submodules: *submodules }),
            ..some(provider(location), location)
        },
    }
}

/// CodeBuild has a type for each provider; whatever is on a server of its own is an enterprise's.
fn provider(location: &str) -> &'static str {
    let host = location.split_once("://").map_or(location, |(_, rest)| rest).split('/').next().unwrap_or_default();
    match host {
        "github.com" => "GITHUB",
        "bitbucket.org" => "BITBUCKET",
        "gitlab.com" => "GITLAB",
        host if host.starts_with("git-codecommit.") => "CODECOMMIT",
        _ => "GITHUB_ENTERPRISE",
    }
}

fn buildspec(origin: &BuildspecOrigin) -> Option<String> {
    match origin {
        BuildspecOrigin::Default => None,
        BuildspecOrigin::Path(text) | BuildspecOrigin::Inline(text) => Some(text.clone()),
        BuildspecOrigin::S3(location) => Some(format!("arn:aws:s3:::{location}")),
    }
}

fn artifacts(spec: &ArtifactSpec) -> ProjectArtifacts {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    match spec.kind {
        ArtifactKind::NoArtifacts => ProjectArtifacts {
            kind: "NO_ARTIFACTS".to_owned(),
            artifact_identifier: spec.artifact_identifier.clone(),
            ..ProjectArtifacts::default()
        },
        ArtifactKind::S3 => ProjectArtifacts {
            kind: "S3".to_owned(),
            location: some(&spec.location),
            path: some(&spec.path),
            namespace_type: Some(
                if spec.namespace_type == Namespace::BuildId { "BUILD_ID" } else { "NONE" }.to_owned(),
            ),
            name: some(&spec.name),
            packaging: Some(if spec.packaging == Packaging::Zip { "ZIP" } else { "NONE" }.to_owned()),
            override_artifact_name: Some(spec.override_artifact_name),
            artifact_identifier: spec.artifact_identifier.clone(),
            ..ProjectArtifacts::default()
        },
    }
}
