//! What `run` asks for as artifacts: the primary one and every secondary one that the buildspec names, each in a folder of
//! its own in the local storage, on the way to the folder that the user named.

use crate::arguments::buildspec;
use buildyard_model::{ArtifactKind, ArtifactSpec, BuildspecOrigin, Namespace};
use std::path::Path;

/// The bucket of the local storage that artifacts pass through.
const BUCKET: &str = "artifacts";

/// The primary artifact's settings.
pub(super) fn primary() -> ArtifactSpec {
    ArtifactSpec {
        kind: ArtifactKind::S3,
        location: BUCKET.to_owned(),
        namespace_type: Namespace::BuildId,
        override_artifact_name: true,
        ..ArtifactSpec::default()
    }
}

/// The secondary artifacts' settings. A buildspec that cannot be read names none: what is wrong with it, the build says.
pub(super) fn secondary(origin: &BuildspecOrigin, folder: &Path) -> Vec<ArtifactSpec> {
    let text = buildspec::bytes(origin, folder).unwrap_or_default();
    let parsed = buildyard_buildspec::parse_bytes(&text).ok();
    let artifacts = parsed.and_then(|buildspec| buildspec.artifacts);
    let identifiers = artifacts.into_iter().flat_map(|artifacts| artifacts.secondary).map(|(identifier, _)| identifier);
    identifiers.map(one).collect()
}

/// `<identifier>/<build>/<file>`: below no other artifact's folder, whatever the buildspec calls them.
fn one(identifier: String) -> ArtifactSpec {
    ArtifactSpec {
        path: identifier.clone(),
        name: "/".to_owned(),
        override_artifact_name: false,
        artifact_identifier: Some(identifier),
        ..primary()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secondary_artifact_of_the_buildspec_has_a_folder_of_its_own() {
        let text = "version: 0.2\nphases: {build: {commands: ['true']}}\nartifacts:\n  files: [a]\n  \
                    secondary-artifacts:\n    docs: {files: [b]}\n    logs: {files: [c], name: x}\n";
        let specs = secondary(&BuildspecOrigin::Inline(text.into()), Path::new("/nowhere"));
        let keys: Vec<String> = specs.iter().map(|spec| spec.key("B", &spec.name, "")).collect();
        assert_eq!(keys, ["docs/B", "logs/B"]);
        assert_eq!(specs[1].artifact_identifier.as_deref(), Some("logs"));
    }

    #[test]
    fn a_buildspec_that_cannot_be_read_names_none() {
        let folder = Path::new("/nowhere");
        for origin in [BuildspecOrigin::Default, BuildspecOrigin::Inline("version: 0.2\nphases: [".into())] {
            assert_eq!(secondary(&origin, folder), []);
        }
    }
}
