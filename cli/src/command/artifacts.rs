//! `artifacts`: what a build left behind, listed or fetched.

use crate::download::{self, Fetched};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::{ConnectionArgs, Fleet};
use crate::output::{self, Format, OutputArgs};
use crate::render::table::{self, Cell};
use crate::render::{Paint, printable, size};
use buildyard_proto::v1::list_artifacts_reply::Object;
use std::path::{Path, PathBuf};

/// List or download what a build made.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ArtifactsArgs {
    /// The build's id, or as much of it as names one build only
    #[arg(value_name = "ID")]
    id: String,
    /// Fetch the files into this folder
    #[arg(long, value_name = "DIR")]
    download: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard artifacts 0198c0de
  buildyard artifacts 0198c0de --download out/";

/// Lists or fetches the artifacts.
pub(crate) async fn execute(args: ArtifactsArgs) -> Result<Exit, Failure> {
    let fleet = args.connection.connect().await?;
    match &args.download {
        Some(folder) => fetch(&fleet, &args.id, folder, args.output.output).await?,
        None => list(&fleet, &args.id, args.output.output).await?,
    }
    Ok(Exit::Success)
}

async fn fetch(fleet: &Fleet, id: &str, folder: &Path, format: Format) -> Result<(), Failure> {
    let tell = |object: &Object, file: &Path| match format {
        Format::Json => output::line(json(object, Some(file))),
        Format::Text => Ok(()),
    };
    let fetched = download::all(fleet.artifact_pages(id), folder, tell).await?;
    match format {
        Format::Json => Ok(()),
        Format::Text if fetched == Fetched::default() => none(),
        Format::Text => {
            output::line(format!("{} files, {}, in {}", fetched.files, size::of(fetched.bytes), folder.display()))
        }
    }
}

async fn list(fleet: &Fleet, id: &str, format: Format) -> Result<(), Failure> {
    let objects = fleet.artifacts(id).await?;
    match format {
        Format::Json => objects.iter().try_for_each(|object| output::line(json(object, None))),
        Format::Text if objects.is_empty() => none(),
        Format::Text => output::write(listing(Paint::of_stream(output::stdout_is_terminal()), &objects).as_bytes()),
    }
}

fn none() -> Result<(), Failure> {
    output::note("this build has no artifacts");
    Ok(())
}

fn listing(paint: Paint, objects: &[Object]) -> String {
    let row = |object: &Object| -> Vec<Cell> {
        let place = format!("s3://{}/{}", object.bucket, object.key);
        vec![printable(&object.path).into(), size::of(object.size_bytes).into(), printable(&place).into()]
    };
    table::render(paint, &["PATH", ">SIZE", "OBJECT"], &objects.iter().map(row).collect::<Vec<_>>())
}

/// The URL is part of the document: it is what the caller asked for, and it expires.
fn json(object: &Object, file: Option<&Path>) -> String {
    let mut document = serde_json::json!({
        "path": object.path,
        "bucket": object.bucket,
        "key": object.key,
        "sizeBytes": object.size_bytes,
        "url": object.url,
    });
    if let Some(file) = file {
        document["file"] = file.to_string_lossy().into();
    }
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_says_where_each_file_is() {
        let object = Object {
            path: "bin/app".into(),
            bucket: "artifacts".into(),
            key: "app/bin/app".into(),
            size_bytes: 2048,
            url: "http://x".into(),
        };
        let text = listing(Paint::PLAIN, std::slice::from_ref(&object));
        assert_eq!(text, "PATH        SIZE  OBJECT\nbin/app  2.0 KiB  s3://artifacts/app/bin/app\n");
        assert!(json(&object, Some(Path::new("out/bin/app"))).contains("\"file\":\"out/bin/app\""));
    }
}
