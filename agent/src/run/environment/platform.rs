//! The variables that the platform sets (reference 3.1): documented ones, and those of the undocumented ones that
//! tools look for and that are true here. Left out is what stands for a service that Buildyard has not
//! (`ECS_CONTAINER_METADATA_URI`, `CODEBUILD_AUTH_TOKEN`, …) and what belongs to webhooks and batches, which have
//! none of it yet.

use super::{Facts, PlacedSource};
use buildyard_model::{JobSpec, LogNames};

type Variables = Vec<(String, String)>;

/// Variables that project, start call and buildspec may replace.
pub(super) fn defaults(facts: &Facts<'_>) -> Variables {
    let region = &facts.job.region;
    let mut variables = named([
        ("AWS_DEFAULT_REGION", region.clone()),
        ("AWS_REGION", region.clone()),
        ("GOPATH", format!("/go:{}", facts.go_path.display())),
    ]);
    variables.extend(facts.home.map(|home| ("HOME".to_owned(), home.to_owned())));
    variables
}

/// Variables that nobody replaces.
pub(super) fn reserved(facts: &Facts<'_>) -> Variables {
    let mut variables = of_build(facts.job);
    variables.push(("CODEBUILD_GOPATH".to_owned(), facts.go_path.display().to_string()));
    variables.extend(facts.sources.iter().flat_map(of_source));
    variables
}

fn of_build(job: &JobSpec) -> Variables {
    let JobSpec { id, region, account, .. } = job;
    named([
        ("CODEBUILD_CI", "true".to_owned()),
        ("CODEBUILD_BUILD_ARN", job.arn()),
        ("CODEBUILD_BUILD_ID", id.to_string()),
        ("CODEBUILD_BUILD_IMAGE", image(job)),
        ("CODEBUILD_BUILD_NUMBER", job.build_number.to_string()),
        ("CODEBUILD_BUILD_SUCCEEDING", "1".to_owned()),
        (
            "CODEBUILD_BUILD_URL",
            format!("https://{region}.console.aws.amazon.com/codebuild/home?region={region}#/builds/{id}/view/new"),
        ),
        ("CODEBUILD_CONTAINER_NAME", "default".to_owned()),
        ("CODEBUILD_EXECUTION_ROLE_BUILD", String::new()),
        ("CODEBUILD_INITIATOR", job.initiator.clone()),
        ("CODEBUILD_KMS_KEY_ID", key(job)),
        ("CODEBUILD_LAST_EXIT", "0".to_owned()),
        ("CODEBUILD_LOG_PATH", LogNames::of(job).map_or_else(|| id.uuid().to_string(), |names| names.stream)),
        ("CODEBUILD_PROJECT_ARN", format!("arn:aws:codebuild:{region}:{account}:project/{}", id.project())),
        ("CODEBUILD_PUBLIC_BUILD_URL", String::new()),
        ("CODEBUILD_START_TIME", job.submitted_at.0.to_string()),
    ])
}

/// The image as the project names it; the job may name what stands for that here.
fn image(job: &JobSpec) -> String {
    job.project.as_ref().map_or(&job.environment.image, |project| &project.environment.image).clone()
}

/// The ARN of the key, or of its alias.
fn key(job: &JobSpec) -> String {
    let key = job.project.as_ref().and_then(|project| project.encryption_key.as_deref());
    let key = key.filter(|key| !key.is_empty()).unwrap_or("alias/aws/s3");
    let JobSpec { region, account, .. } = job;
    match key {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        alias if alias.starts_with("alias/") => format!("arn:aws:kms:{region}:{account}:{alias}"),
        id => format!("arn:aws:kms:{region}:{account}:key/{id}"),
    }
}

fn of_source(source: &PlacedSource) -> Variables {
    let name = |stem: &str| match &source.identifier {
        None => stem.to_owned(),
        Some(identifier) => format!("{stem}_{identifier}"),
    };
    let mut variables = vec![
        (name("CODEBUILD_SRC_DIR"), source.directory.display().to_string()),
        (name("CODEBUILD_SOURCE_VERSION"), source.version.clone()),
        (name("CODEBUILD_SOURCE_REPO_URL"), source.repository_url.clone()),
    ];
    if source.identifier.is_none() {
        variables.extend(
            source.resolved.iter().map(|commit| ("CODEBUILD_RESOLVED_SOURCE_VERSION".to_owned(), commit.clone())),
        );
    }
    variables
}

fn named<const N: usize>(pairs: [(&str, String); N]) -> Variables {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
