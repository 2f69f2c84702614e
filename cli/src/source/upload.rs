//! A folder's way to the coordinator's bucket: packed into a temporary file, sent through a presigned URL.

use super::folder;
use crate::failure::Failure;
use crate::fleet::Fleet;
use crate::output;
use crate::render::size;
use crate::transfer;
use buildyard_model::SourceKind;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

/// Sends the folder; the answer is what to build from.
pub(crate) async fn send(fleet: &Fleet, folder: &Path) -> Result<SourceKind, Failure> {
    let archive = pack(folder).await?;
    let length = archive.as_file().metadata().map_err(Failure::file("read", archive.path()))?.len();
    let prepared = fleet.prepare_source_upload(length).await?;
    let bar = ProgressBar::new(length).with_style(bytes_style()).with_message("sending");
    let sent = transfer::put(&prepared.url, archive.path(), length, &bar).await;
    bar.finish_and_clear();
    sent?;
    Ok(SourceKind::S3 { location: prepared.location })
}

async fn pack(folder: &Path) -> Result<tempfile::NamedTempFile, Failure> {
    let spinner = ProgressBar::new_spinner().with_message(format!("packing {}", folder.display()));
    let (folder, progress) = (folder.to_owned(), spinner.clone());
    let work = tokio::task::spawn_blocking(move || -> Result<_, Failure> {
        let archive = tempfile::Builder::new().prefix("buildyard-source-").suffix(".zip").tempfile();
        let archive = archive.map_err(Failure::file("create a file in", &std::env::temp_dir()))?;
        let packed = folder::pack(&folder, archive.as_file(), |bytes| progress.inc(bytes))?;
        Ok((archive, packed))
    });
    let done = work.await.map_err(|error| Failure::service(format!("cannot pack the folder: {error}")))?;
    spinner.finish_and_clear();
    let (archive, packed) = done?;
    for path in &packed.left_out {
        output::note(&format!("left out {}: neither file, folder nor link", path.display()));
    }
    tracing::debug!(files = packed.files, bytes = %size::of(packed.bytes), "folder packed");
    Ok(archive)
}

fn bytes_style() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
