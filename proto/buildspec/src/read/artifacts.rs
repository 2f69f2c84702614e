//! The `artifacts` key (reference 1.3).

use super::fields::Fields;
use super::value::Value;
use crate::error::Error;
use crate::spec::{ArtifactFiles, Artifacts};

/// Reads the primary artifact and the secondary ones. `files` may be missing when there are secondary artifacts.
pub(super) fn artifacts(mut fields: Fields<'_>) -> Result<Artifacts, Error> {
    let secondary = fields.fields("secondary-artifacts")?.map(secondary).transpose()?.unwrap_or_default();
    // Version 0.1 had it; CodeBuild passes over it.
    fields.take("type");
    let primary = files(fields, !secondary.is_empty())?;
    Ok(Artifacts { primary, secondary })
}

fn secondary(mut fields: Fields<'_>) -> Result<Vec<(String, ArtifactFiles)>, Error> {
    let read = |(identifier, value): (Value<'_>, Value<'_>)| {
        let mut fields = value.fields()?;
        fields.take("type");
        Ok((identifier.text()?.to_owned(), files(fields, false)?))
    };
    fields.take_all().into_iter().map(read).collect()
}

fn files(mut fields: Fields<'_>, may_be_missing: bool) -> Result<ArtifactFiles, Error> {
    let files = match fields.take_even_null("files") {
        Some(value) => value.strings()?,
        None if may_be_missing => Vec::new(),
        None => fields.required("files")?.strings()?,
    };
    let artifact = ArtifactFiles {
        files,
        name: fields.text("name")?,
        discard_paths: fields.flag("discard-paths")?,
        base_directory: fields.text("base-directory")?,
        exclude_paths: fields.strings("exclude-paths")?,
        enable_symlinks: fields.flag("enable-symlinks")?,
        s3_prefix: fields.text("s3-prefix")?,
    };
    fields.finish();
    Ok(artifact)
}
