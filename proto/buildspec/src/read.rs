//! A YAML tree → [`Buildspec`]: the keys of reference 1.2, one file for each section.
//!
//! Rules that hold everywhere (reference 1.8): a key without a value counts as absent; one string is a list of one;
//! numbers and booleans are text as written where text is expected; empty list items are passed over; unknown keys are
//! passed over and remembered.

mod artifacts;
mod batch;
mod cache;
mod env;
mod fields;
mod on_failure;
mod phases;
mod reports;
mod unknown;
mod value;
mod version;

pub use unknown::UnknownKey;

use crate::error::{Error, Position};
use crate::names;
use crate::spec::{Buildspec, Proxy, Version};
use crate::yaml::Tree;
use fields::Fields;
use unknown::Document;

/// Reads the whole buildspec, and the keys that no version knows.
pub(crate) fn buildspec(tree: Option<Tree>) -> Result<(Buildspec, Vec<UnknownKey>), Error> {
    let Some(tree) = tree else {
        return Err(version::malformed(Position { line: 1, column: 1 }).hint("the buildspec is empty"));
    };
    let document = Document::new(tree);
    let mut top = document.top()?;
    let version = version::version(&mut top)?;
    let batch = top.fields("batch")?.map(batch::batch).transpose().map_err(Error::in_batch)?;
    let buildspec = Buildspec {
        version,
        run_as: run_as(&mut top)?,
        env: env::env(&mut top, version)?,
        proxy: top.fields("proxy")?.map(proxy).transpose()?.unwrap_or_default(),
        phases: phases::phases(&mut top, batch.is_some())?,
        reports: top.fields("reports")?.map(reports::reports).transpose()?.unwrap_or_default(),
        artifacts: top.fields("artifacts")?.map(artifacts::artifacts).transpose()?,
        cache: top.fields("cache")?.map(cache::cache).transpose()?,
        batch,
    };
    top.finish();
    Ok((buildspec, document.into_unknown()))
}

fn proxy(mut fields: Fields<'_>) -> Result<Proxy, Error> {
    let proxy = Proxy { upload_artifacts: fields.flag("upload-artifacts")?, logs: fields.flag("logs")? };
    fields.finish();
    Ok(proxy)
}

/// The `run-as` key of the buildspec or of a phase.
fn run_as(fields: &mut Fields<'_>) -> Result<Option<String>, Error> {
    let Some(value) = fields.take("run-as") else { return Ok(None) };
    let user = value.text()?;
    if names::is_user(user) {
        return Ok(Some(user.to_owned()));
    }
    Err(value.fault(format_args!("{} '{}' is not the name of a Linux user", value.path(), value::shortened(user))))
}

/// Whether keys that only version 0.1 has count.
fn is_old(version: Version) -> bool {
    version == Version::V0_1
}
