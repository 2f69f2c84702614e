//! `show`: one build in full.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::{self, Format, OutputArgs};
use crate::render::{Paint, elapsed, printable, size, summary};
use buildyard_model::{BuildView, Clock, Source, SourceKind, SystemClock, Timestamp};

/// Show one build: phases, source, artifacts.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The build's id, or as much of it as names one build only
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Shows the build.
pub(crate) async fn execute(args: ShowArgs) -> Result<Exit, Failure> {
    let fleet = args.connection.connect().await?;
    let build = fleet.get(&args.id).await?;
    match args.output.output {
        Format::Json => output::line(&build.json)?,
        Format::Text => {
            let paint = Paint::of_stream(output::stdout_is_terminal());
            output::write(text(paint, &build.view, SystemClock.now()).as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

fn text(paint: Paint, view: &BuildView, now: Timestamp) -> String {
    let lasted = view.end_time.unwrap_or(now).since(view.start_time);
    let status = paint.text(view.build_status.into(), &view.build_status.to_string());
    let mut fields: Vec<(&str, String)> = vec![
        ("build", view.id.to_string()),
        ("status", status),
        ("phase", view.current_phase.to_string()),
        ("number", view.build_number.to_string()),
        ("started", format!("{} by {}", view.start_time.to_rfc3339(), printable(&view.initiator))),
        ("time", elapsed::of(lasted)),
        ("source", printable(&source(&view.source))),
    ];
    let optional = [
        ("commit", view.resolved_source_version.clone()),
        ("image", Some(view.image.clone())),
        ("digest", view.image_digest.clone()),
        ("agent", view.agent.as_ref().map(|agent| format!("{agent}, attempt {}", view.attempt))),
        ("log", view.log_bytes.map(size::of)),
        ("retry of", view.retry_of.as_ref().map(|retry| retry.previous.to_string())),
        ("retried as", view.next_retry.as_ref().map(ToString::to_string)),
        ("reason", view.reason.clone()),
    ];
    fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name, printable(&value?)))));
    fields.extend(view.artifacts.iter().map(|artifact| ("artifact", summary::artifact(artifact))));
    let exported = view.exported_environment_variables.iter();
    fields.extend(exported.map(|(name, value)| ("exported", printable(&format!("{name}={value}")))));
    let fields = fields.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect::<String>();
    format!("{fields}\n{}", summary::phases(paint, &view.phases, now))
}

fn source(source: &Source) -> String {
    let from = match &source.kind {
        SourceKind::None => "none".to_owned(),
        SourceKind::Git { location, .. } => location.clone(),
        SourceKind::S3 { location } => format!("s3://{location}"),
        SourceKind::Local { path } => path.clone(),
    };
    source.version.as_ref().map_or(from.clone(), |version| format!("{from} at {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_build_is_shown_with_its_fields_and_phases() {
        let text = text(Paint::PLAIN, &sample::finished_build(), sample::START);
        let expected = "\
build     redis:00000000-0000-0000-0000-000000000007
status    SUCCEEDED
phase     COMPLETED
number    3
started   2026-01-02T03:04:05.000Z by cli
time      1 min 14 s
source    s3://sources/x.zip
image     buildyard/standard:1.0
agent     host-1, attempt 1
log       17 B
artifact  s3://artifacts/redis/ (2 files, 6.1 MiB)
exported  VERSION=7.0

PHASE ";
        assert!(text.starts_with(expected), "{text}");
    }
}
