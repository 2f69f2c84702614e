//! Packs the artifacts that the plan orders: chooses files as the container sees them, writes ZIPs and copies into the
//! control directory's output folder, and lists there what the agent shall upload.

mod bundle;
mod choice;

use crate::failure::Failure;
use crate::journal::{Event, PackedArtifact};
use crate::phases::Walker;
use crate::plan::{ArtifactOrder, OUTPUT_DIRECTORY, Plan};
use buildyard_buildspec::ArtifactFiles;
use buildyard_model::PhaseContext;
use std::fs;

/// Why packing ended early.
#[derive(Debug)]
pub(crate) enum Error {
    /// The build's fault; the context of UPLOAD_ARTIFACTS.
    Build(PhaseContext),
    Runner(Failure),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Runner(failure)
    }
}

impl Error {
    fn client(message: impl Into<String>) -> Self {
        Self::Build(PhaseContext::new("CLIENT_ERROR", message))
    }
}

/// Packs all artifacts, one event for each.
pub(crate) fn pack(walker: &mut Walker<'_>) -> Result<(), Error> {
    let plan = walker.plan;
    let output = walker.control.join(OUTPUT_DIRECTORY);
    fs::create_dir_all(&output).map_err(|error| Failure::state(output.display(), error))?;
    for (number, order) in plan.artifacts.iter().enumerate() {
        let Some(files) = wanted(plan, order).filter(|wanted| !wanted.files.is_empty()) else {
            let which = order.identifier.as_deref().map(|id| format!(" for {id}")).unwrap_or_default();
            walker.log.line(&format!("No artifact files specified{which}"))?;
            continue;
        };
        if let Some(identifier) = &order.identifier {
            walker.log.line(&format!("Packing secondary artifact {identifier}"))?;
        }
        let base = base_directory(walker, files)?;
        let chosen = choice::choose(walker, files, order, &base)?;
        let bundle = bundle::Bundle { output: &output, number, workspace: &plan.workspace };
        let packed = bundle.write(&chosen, order.packaging, walker)?;
        let name = name(walker, files, order)?;
        walker.log.event(Event::Packed(PackedArtifact {
            identifier: order.identifier.clone(),
            name,
            s3_prefix: files.s3_prefix.clone(),
            files: chosen.len() as u64,
            list: packed.list,
            sha256sum: packed.sha256sum,
            md5sum: packed.md5sum,
        }))?;
    }
    Ok(())
}

/// The buildspec's part for an order; none when the buildspec says nothing about it.
fn wanted<'a>(plan: &'a Plan, order: &ArtifactOrder) -> Option<&'a ArtifactFiles> {
    let artifacts = plan.buildspec.artifacts.as_ref()?;
    match &order.identifier {
        None => Some(&artifacts.primary),
        Some(identifier) => artifacts.secondary.iter().find(|(id, _)| id == identifier).map(|(_, files)| files),
    }
}

/// The base directory, with the build's variables in it: `$CODEBUILD_SRC_DIR_<id>` is how a buildspec names files of a
/// secondary source (AWS, "Multiple input sources and output artifacts sample").
fn base_directory(walker: &mut Walker<'_>, files: &ArtifactFiles) -> Result<String, Error> {
    let text = files.base_directory.as_deref().filter(|base| !base.is_empty()).unwrap_or(".");
    if !text.contains('$') {
        return Ok(text.to_owned());
    }
    let expanded = walker.shell.expand(text, &mut walker.supervisor, &mut walker.log)?;
    // An empty one would be the whole source.
    expanded
        .filter(|base| !base.is_empty())
        .ok_or_else(|| Error::client(format!("the base directory {text} is empty: its variable is not set")))
}

fn name(walker: &mut Walker<'_>, files: &ArtifactFiles, order: &ArtifactOrder) -> Result<Option<String>, Error> {
    let Some(text) = files.name.as_deref().filter(|_| order.override_name) else { return Ok(None) };
    let expanded = walker.shell.expand(text, &mut walker.supervisor, &mut walker.log)?;
    match expanded.as_deref().map(str::trim) {
        Some("") | None => Err(Error::client(format!("the artifact name {text} could not be expanded by the shell"))),
        Some(name) => Ok(Some(name.to_owned())),
    }
}
