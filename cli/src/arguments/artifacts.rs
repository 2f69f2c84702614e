//! `--artifacts BUCKET[/PATH]`, `--secondary-artifacts ID=BUCKET[/PATH]` and the options that go with them, made into
//! CodeBuild's artifact settings.

use super::secondary::{Identified, distinct_artifacts, identified_or_alone};
use buildyard_model::{ArtifactKind, ArtifactSpec, Namespace, Packaging};
use clap::ValueEnum;

/// `--packaging`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PackagingArgument {
    /// One object per file.
    #[default]
    None,
    /// One ZIP.
    Zip,
}

/// `--namespace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum NamespaceArgument {
    /// The same keys for each build.
    #[default]
    None,
    /// The build's id is part of each key.
    BuildId,
}

/// Where artifacts go.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Artifacts")]
pub(crate) struct ArtifactArgs {
    /// Where artifacts go: BUCKET or BUCKET/PATH, or `none`; without it, the coordinator's own bucket
    #[arg(long, value_name = "BUCKET[/PATH]")]
    artifacts: Option<String>,
    /// Name of the object (zip) or folder; without it, the buildspec's `artifacts.name` or the project's name
    #[arg(long, value_name = "NAME")]
    artifacts_name: Option<String>,
    /// Where the buildspec's secondary artifact ID goes, repeatable; with ID alone, the coordinator's own bucket
    #[arg(long, value_parser = identified_or_alone, value_name = "ID[=BUCKET[/PATH]]")]
    secondary_artifacts: Vec<Identified>,
    /// One object per file, or one ZIP; of the secondary artifacts too
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    packaging: PackagingArgument,
    /// Whether the build's id is part of the keys; of the secondary artifacts' too
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    namespace: NamespaceArgument,
}

impl ArtifactArgs {
    /// Whether nothing was asked for.
    fn is_default(&self) -> bool {
        self.artifacts_name.is_none()
            && self.packaging == PackagingArgument::None
            && self.namespace == NamespaceArgument::None
    }

    /// Absent means the coordinator's default.
    pub(crate) fn spec(&self) -> Result<Option<ArtifactSpec>, String> {
        let text = match self.artifacts.as_deref() {
            Some("none") => return Ok(Some(ArtifactSpec::default())),
            Some(text) => text,
            None if self.is_default() => return Ok(None),
            // The coordinator's own bucket.
            None => "",
        };
        if text.is_empty() && self.artifacts.is_some() {
            return Err(no_bucket("--artifacts", text));
        }
        Ok(Some(ArtifactSpec {
            name: self.artifacts_name.clone().unwrap_or_default(),
            override_artifact_name: self.artifacts_name.is_none(),
            ..self.place("--artifacts", text)?
        }))
    }

    /// The secondary artifacts, each named after its identifier unless the buildspec has a name for it: two of them in
    /// one place stay apart.
    pub(crate) fn secondary(&self) -> Result<Vec<ArtifactSpec>, String> {
        let one = |given: &Identified| -> Result<ArtifactSpec, String> {
            Ok(ArtifactSpec {
                name: given.identifier.clone(),
                override_artifact_name: true,
                artifact_identifier: Some(given.identifier.clone()),
                ..self.place(&format!("--secondary-artifacts {}", given.identifier), &given.value)?
            })
        };
        let specs: Vec<_> = self.secondary_artifacts.iter().map(one).collect::<Result<_, _>>()?;
        distinct_artifacts(&specs)?;
        Ok(specs)
    }

    /// Bucket, path and form. Without a text, the coordinator's own bucket.
    fn place(&self, option: &str, text: &str) -> Result<ArtifactSpec, String> {
        let place = text.strip_prefix("s3://").unwrap_or(text);
        let (bucket, path) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() && !text.is_empty() {
            return Err(no_bucket(option, text));
        }
        Ok(ArtifactSpec {
            kind: ArtifactKind::S3,
            location: bucket.to_owned(),
            path: path.trim_matches('/').to_owned(),
            namespace_type: match self.namespace {
                NamespaceArgument::None => Namespace::None,
                NamespaceArgument::BuildId => Namespace::BuildId,
            },
            packaging: match self.packaging {
                PackagingArgument::None => Packaging::None,
                PackagingArgument::Zip => Packaging::Zip,
            },
            ..ArtifactSpec::default()
        })
    }
}

fn no_bucket(option: &str, text: &str) -> String {
    format!("{option} {text:?} names no bucket: write BUCKET or BUCKET/PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<Option<ArtifactSpec>, String> {
        ArtifactArgs { artifacts: Some(text.to_owned()), ..Default::default() }.spec()
    }

    #[test]
    fn without_a_bucket_the_coordinators_own_is_meant() {
        assert_eq!(ArtifactArgs::default().spec(), Ok(None));
        let zip = ArtifactArgs { packaging: PackagingArgument::Zip, ..Default::default() }.spec().unwrap().unwrap();
        assert_eq!((zip.kind, zip.location.as_str(), zip.packaging), (ArtifactKind::S3, "", Packaging::Zip));
    }

    #[test]
    fn bucket_and_path_are_told_apart() {
        let given = spec("releases/nightly/linux/").unwrap().unwrap();
        assert_eq!((given.location.as_str(), given.path.as_str()), ("releases", "nightly/linux"));
        assert!(given.override_artifact_name);
        assert_eq!(spec("s3://releases").unwrap().unwrap().location, "releases");
        assert!(spec("/x").is_err());
    }

    #[test]
    fn none_is_no_artifacts_and_absence_is_the_coordinators_choice() {
        assert_eq!(spec("none").unwrap().unwrap().kind, ArtifactKind::NoArtifacts);
        assert_eq!(ArtifactArgs::default().spec().unwrap(), None);
    }
}
