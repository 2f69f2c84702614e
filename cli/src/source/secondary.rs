//! `--secondary-source ID=SOURCE` and `--secondary-source-version ID=VERSION`: further sources in the forms of `--source`,
//! each with its version. Pure, as the forms are.

use super::form::{self, GitArgs, SourceForm};
use crate::arguments::secondary::{Identified, distinct, identified};
use buildyard_model::{SecondarySource, Source, SourceKind};
use std::path::Path;

/// What is built from besides the primary source.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Source")]
pub(crate) struct SecondarySourceArgs {
    /// A further source in any form of --source, repeatable; the build finds it in $CODEBUILD_SRC_DIR_ID
    #[arg(long = "secondary-source", value_parser = identified, value_name = "ID=SOURCE")]
    sources: Vec<Identified>,
    /// Branch, tag or commit of the secondary git source ID, or version of its S3 object; repeatable
    #[arg(long = "secondary-source-version", value_parser = identified, value_name = "ID=VERSION")]
    versions: Vec<Identified>,
}

/// One further source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secondary {
    identifier: String,
    pub(crate) form: SourceForm,
    version: Option<String>,
}

impl SecondarySourceArgs {
    /// Tells what each one means; `is_folder` says whether a folder of that name is here.
    pub(crate) fn forms(&self, git: GitArgs, is_folder: fn(&Path) -> bool) -> Result<Vec<Secondary>, String> {
        distinct("--secondary-source", self.sources.iter().map(|given| given.identifier.as_str()))?;
        distinct("--secondary-source-version", self.versions.iter().map(|given| given.identifier.as_str()))?;
        let known = |version: &&Identified| self.sources.iter().any(|source| source.identifier == version.identifier);
        if let Some(unknown) = self.versions.iter().find(|version| !known(version)) {
            let id = &unknown.identifier;
            return Err(format!(
                "--secondary-source-version {id} goes with no source: add --secondary-source {id}=SOURCE"
            ));
        }
        self.sources.iter().map(|given| self.one(given, git, is_folder)).collect()
    }

    fn one(&self, given: &Identified, git: GitArgs, is_folder: fn(&Path) -> bool) -> Result<Secondary, String> {
        let id = &given.identifier;
        let form =
            form::parse(&given.value, git, is_folder).map_err(|why| format!("--secondary-source {id}: {why}"))?;
        if form == SourceForm::Remote(SourceKind::None) {
            return Err(format!("--secondary-source {id} is none: leave it out, or name a source"));
        }
        let version = self.versions.iter().find(|version| version.identifier == *id).map(|given| given.value.clone());
        if version.is_some() && !form.has_versions() {
            return Err(format!(
                "--secondary-source-version {id} goes with a git or S3 source: a folder is built as it is"
            ));
        }
        Ok(Secondary { identifier: id.clone(), form, version })
    }
}

impl Secondary {
    /// As it is submitted. A folder's place in the bucket is filled in once it was sent.
    pub(crate) fn source(&self) -> SecondarySource {
        SecondarySource {
            source_identifier: self.identifier.clone(),
            source: Source { kind: self.form.kind(), version: self.version.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(sources: &[&str], versions: &[&str]) -> Result<Vec<Secondary>, String> {
        let given = |texts: &[&str]| texts.iter().map(|text| identified(text).unwrap()).collect();
        let args = SecondarySourceArgs { sources: given(sources), versions: given(versions) };
        args.forms(GitArgs::default(), |path| path == Path::new("./lib"))
    }

    #[test]
    fn each_source_has_its_own_form_and_version() {
        let sources = ["docs=https://host.test/docs.git", "data=s3://bucket/data.zip", "lib=./lib"];
        let given = args(&sources, &["docs=v2"]).unwrap();
        let source = given[0].source();
        assert_eq!((source.source_identifier.as_str(), source.source.version.as_deref()), ("docs", Some("v2")));
        assert_eq!(given[1].source().source.kind, SourceKind::S3 { location: "bucket/data.zip".into() });
        assert_eq!(given[2].form, SourceForm::Folder("./lib".into()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_next_step() {
        let refused = |sources: &[&str], versions: &[&str]| args(sources, versions).unwrap_err();
        assert!(refused(&["a=https://h.test/a.git"], &["b=v1"]).contains("add --secondary-source b=SOURCE"));
        assert!(refused(&["a=./lib"], &["a=v1"]).contains("goes with a git or S3 source"));
        assert!(refused(&["a=none"], &[]).contains("leave it out"));
        assert!(refused(&["a=./lib", "a=./lib"], &[]).contains("a stands twice"));
        assert!(refused(&["a=ext::sh -c id"], &[]).contains("--secondary-source a: "));
        assert!(refused(&["a=nowhere"], &[]).contains("no folder here"));
    }
}
