//! What remains to be said when a build is over: its phases with their times, its artifacts, where its log is.

use super::paint::{Paint, Tone};
use super::table::{self, Cell};
use super::{elapsed, printable, size};
use buildyard_model::{ArtifactRecord, BuildView, Packaging, Phase, PhaseRecord, Timestamp};

/// The phases as a table. A phase that still runs is measured to `now`.
pub(crate) fn phases(paint: Paint, records: &[PhaseRecord], now: Timestamp) -> String {
    let rows: Vec<Vec<Cell>> = records
        .iter()
        .filter(|record| record.phase_type != Phase::Completed)
        .map(|record| {
            let status = record
                .phase_status
                .map_or_else(|| Cell::toned("IN_PROGRESS", Tone::Busy), |status| Cell::toned(status.name(), status));
            let lasted = record.end_time.unwrap_or(now).since(record.start_time);
            vec![record.phase_type.name().into(), status, elapsed::of(lasted).into(), context(record).into()]
        })
        .collect();
    table::render(paint, &["PHASE", "STATUS", ">DURATION", ""], &rows)
}

/// The whole summary of a build that is over.
pub(crate) fn of_build(paint: Paint, view: &BuildView) -> String {
    let end = view.end_time.unwrap_or(view.start_time);
    let status = view.build_status.to_string();
    let mut text = phases(paint, &view.phases, end);
    text += &format!(
        "\n{} {} in {}\n",
        paint.text(Tone::Strong, &view.id.to_string()),
        paint.text(view.build_status.into(), &status),
        elapsed::of(end.since(view.start_time)),
    );
    if let Some(reason) = &view.reason {
        text += &format!("reason: {}\n", printable(reason));
    }
    for artifact in &view.artifacts {
        text += &format!("artifact: {}\n", self::artifact(artifact));
    }
    text
}

/// Where an artifact is, and how much of it.
pub(crate) fn artifact(record: &ArtifactRecord) -> String {
    let folder = if record.packaging == Packaging::None && !record.key.is_empty() { "/" } else { "" };
    let name = record.artifact_identifier.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let files = if record.files == 1 { "1 file".to_owned() } else { format!("{} files", record.files) };
    let place = printable(&format!("s3://{}/{}{folder}", record.bucket, record.key));
    format!("{}{place} ({files}, {})", printable(&name), size::of(record.size_bytes))
}

fn context(record: &PhaseRecord) -> String {
    let said = record.contexts.iter().map(|context| format!("{} {}", context.status_code, context.message));
    printable(said.collect::<Vec<_>>().join("; ").trim())
}

#[cfg(test)]
mod tests;
