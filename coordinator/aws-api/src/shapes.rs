//! The shapes of the services, each read once. The texts lie beside the operations.

use buildyard_aws_protocol::Shapes;
use std::sync::LazyLock;

/// CodeBuild's: all of its 59 operations.
pub static CODEBUILD: LazyLock<Shapes> = LazyLock::new(|| read(include_str!("codebuild/codebuild.shapes")));

/// CloudWatch Logs': what is needed to follow a build.
pub static LOGS: LazyLock<Shapes> = LazyLock::new(|| read(include_str!("logs/logs.shapes")));

/// SSM's: parameters.
pub static SSM: LazyLock<Shapes> = LazyLock::new(|| read(include_str!("ssm/ssm.shapes")));

/// Secrets Manager's: all that needs no rotation and no replication.
pub static SECRETS_MANAGER: LazyLock<Shapes> =
    LazyLock::new(|| read(include_str!("secretsmanager/secretsmanager.shapes")));

/// A broken text, of which a test would tell, leaves a service that refuses all its operations.
fn read(text: &str) -> Shapes {
    Shapes::parse(text).unwrap_or_else(|error| {
        tracing::error!(%error, "the shapes of a service are broken");
        Shapes::default()
    })
}
