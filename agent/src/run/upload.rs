//! UPLOAD_ARTIFACTS: what the runner packed goes to storage, all of it or nothing.

mod packed;

use super::Build;
use super::halt::Halt;
use super::projection::{Projection, bound_context};
use buildyard_artifacts::beneath::Root;
use buildyard_artifacts::transfer::Error;
use buildyard_artifacts::transfer::upload::{Options, upload};
use buildyard_model::{ArtifactRecord, ArtifactSpec, Packaging, Phase, PhaseContext, PhaseStatus};
use buildyard_runner::journal::PackedArtifact;
use futures::StreamExt;
use futures::stream;
use packed::{List, Tally};
use std::sync::Arc;

/// Requests at one time. Storage makes small files durable together when they come together.
const CONNECTIONS: usize = 16;

impl Build {
    /// Uploads what is packed and ends the phase, if the runner left it running.
    pub(super) async fn upload(&mut self, projection: &mut Projection) -> Result<Vec<ArtifactRecord>, Halt> {
        if projection.phases.running() != Some(Phase::UploadArtifacts) {
            return Ok(Vec::new());
        }
        let stored = self.store(projection).await?;
        let (status, context, artifacts) = match stored {
            Ok(artifacts) => (PhaseStatus::Succeeded, PhaseContext::default(), artifacts),
            Err(error) => {
                let mut context = PhaseContext::new("CLIENT_ERROR", format!("Failed to upload artifacts: {error}"));
                bound_context(&mut context);
                (PhaseStatus::Failed, context, Vec::new())
            }
        };
        self.outro.phase_complete(Phase::UploadArtifacts, status, &context);
        projection.phases.end(Phase::UploadArtifacts, status, context, self.site.clock.now());
        Ok(artifacts)
    }

    async fn store(&mut self, projection: &Projection) -> Result<Result<Vec<ArtifactRecord>, Error>, Halt> {
        if projection.packed.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let root = |path| Root::open(path).map(Arc::new).map_err(|error| Halt::disk("open the build's files", &error));
        let (workspace, output) = (root(&self.folder.workspace())?, root(&self.folder.output())?);
        let mut lists = Vec::new();
        for artifact in &projection.packed {
            let Some(target) = target(&self.job.artifacts, &self.job.secondary_artifacts, artifact) else { continue };
            let record = record(target, artifact, &self.job);
            let list = List { list: artifact.list.clone(), workspace: workspace.clone(), output: output.clone() };
            lists.push((list, record, Tally::default()));
        }
        let files = stream::iter(&lists).flat_map(|(list, record, tally)| list.files(record, tally));
        let options = Options {
            client: self.site.http.clone(),
            connections: CONNECTIONS,
            deadline: self.deadline,
            on_progress: None,
        };
        let step = self.trace.begin("upload", Some(Phase::UploadArtifacts));
        let uploading = async { Ok(upload::<_, _>(&self.transfers, files, &options).await) };
        let uploaded = Self::unless_ended(&mut self.orders, self.deadline, uploading).await;
        let failed = |error: &Error| Halt::Failed(PhaseContext::new("CLIENT_ERROR", error.to_string()));
        let halt = uploaded.as_ref().map_or_else(|halt| Some(halt.clone()), |done| done.as_ref().err().map(failed));
        step.tell(halt.as_ref());
        Ok(uploaded?.map(|_| lists.into_iter().map(|(_, record, tally)| tally.into_record(record)).collect()))
    }
}

/// The settings of the artifact that was packed.
fn target<'a>(
    primary: &'a ArtifactSpec,
    secondary: &'a [ArtifactSpec],
    packed: &PackedArtifact,
) -> Option<&'a ArtifactSpec> {
    match &packed.identifier {
        None => Some(primary),
        Some(_) => secondary.iter().find(|spec| spec.artifact_identifier == packed.identifier),
    }
}

fn record(target: &ArtifactSpec, packed: &PackedArtifact, job: &buildyard_model::JobSpec) -> ArtifactRecord {
    let hex = |text: &str| {
        if text.len() <= 64 && text.chars().all(|c| c.is_ascii_hexdigit()) { text.to_owned() } else { String::new() }
    };
    let zip = target.packaging == Packaging::Zip;
    ArtifactRecord {
        artifact_identifier: packed.identifier.clone(),
        bucket: target.location.clone(),
        key: packed::key(target, packed, job),
        packaging: target.packaging,
        files: packed.files,
        size_bytes: 0,
        sha256sum: if zip { hex(&packed.sha256sum) } else { String::new() },
        md5sum: if zip { hex(&packed.md5sum) } else { String::new() },
    }
}
