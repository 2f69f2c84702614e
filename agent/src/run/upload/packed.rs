//! The runner's lists of what to upload, read as what they are: text from beside untrusted code. A file is named
//! only relative to a root that it cannot leave, and an object only below its artifact's key.

use buildyard_artifacts::beneath::Root;
use buildyard_artifacts::transfer::Error;
use buildyard_artifacts::transfer::upload::Outgoing;
use buildyard_model::{ArtifactRecord, ArtifactSpec, JobSpec, Packaging};
use buildyard_runner::journal::{PackedArtifact, PackedFile, PackedRoot};
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Paths are at most 4 KiB; with JSON's escapes a line is far below this.
const LINE_BYTES: u64 = 64 << 10;
/// Lines read at once.
const LINES: usize = 256;
/// S3's longest key.
const KEY_BYTES: usize = 1024;

/// One artifact's list.
#[derive(Debug, Clone)]
pub(super) struct List {
    /// A file in the output folder.
    pub list: String,
    pub workspace: Arc<Root>,
    pub output: Arc<Root>,
}

/// What was read of a list.
#[derive(Debug, Default)]
pub(super) struct Tally {
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    fn count(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The record with what was really uploaded. A ZIP's files are those in it.
    pub(super) fn into_record(self, mut record: ArtifactRecord) -> ArtifactRecord {
        record.size_bytes = self.bytes.into_inner();
        if record.packaging == Packaging::None {
            record.files = self.files.into_inner();
        }
        record
    }
}

impl List {
    /// The files, to their keys.
    pub(super) fn files<'a>(
        &'a self,
        record: &'a ArtifactRecord,
        tally: &'a Tally,
    ) -> impl Stream<Item = Result<Outgoing, Error>> + Send + 'a {
        let opened = (Arc::clone(&self.output), self.list.clone());
        stream::once(async move {
            let reader = blocking(move || Ok(BufReader::new(opened.0.read(Path::new(&opened.1))?))).await?;
            Ok::<_, Error>(
                stream::try_unfold(reader, |reader| async {
                    let (lines, reader) = blocking(move || read_lines(reader)).await?;
                    Ok::<_, Error>((!lines.is_empty()).then(|| (stream::iter(lines).map(Ok::<_, Error>), reader)))
                })
                .try_flatten(),
            )
        })
        .try_flatten()
        .map(move |line| self.outgoing(&line?, record, tally))
    }

    fn outgoing(&self, line: &[u8], record: &ArtifactRecord, tally: &Tally) -> Result<Outgoing, Error> {
        let file: PackedFile = serde_json::from_slice(line).map_err(|error| Error::List(error.to_string()))?;
        let key = object_key(record, &file.name).map_err(Error::List)?;
        tally.count(file.size_bytes);
        let root = match file.root {
            PackedRoot::Workspace => &self.workspace,
            PackedRoot::Output => &self.output,
        };
        Ok(Outgoing {
            bucket: record.bucket.clone(),
            key,
            root: Arc::clone(root),
            path: file.path.into(),
            size_bytes: file.size_bytes,
        })
    }
}

/// The key of an artifact: of the object, or of the folder of objects (reference 6.2).
pub(super) fn key(target: &ArtifactSpec, packed: &PackedArtifact, job: &JobSpec) -> String {
    let project = job.id.project().as_str();
    let named = match (&packed.name, target.name.as_str()) {
        (Some(name), _) if target.override_artifact_name => name,
        (_, "") => project,
        (_, name) => name,
    };
    // What the build's shell made of a name cannot lead anywhere else.
    let tame: Vec<&str> = named.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let prefix = packed.s3_prefix.as_deref().unwrap_or_default();
    let key = target.key(&job.id.uuid().to_string(), &tame.join("/"), prefix);
    // An object needs a name, also where the artifact wants none.
    if key.is_empty() && target.packaging == Packaging::Zip { project.to_owned() } else { key }
}

fn object_key(record: &ArtifactRecord, name: &str) -> Result<String, String> {
    let key = match (record.packaging, record.key.as_str()) {
        (Packaging::Zip, key) => key.to_owned(),
        (Packaging::None, "") => checked(name)?.to_owned(),
        (Packaging::None, folder) => format!("{folder}/{}", checked(name)?),
    };
    if key.len() > KEY_BYTES {
        return Err(format!("the key {key:?} is longer than {KEY_BYTES} bytes"));
    }
    Ok(key)
}

fn checked(name: &str) -> Result<&str, String> {
    let part_is_tame = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    if name.split('/').all(part_is_tame) { Ok(name) } else { Err(format!("{name:?} is not an object's name")) }
}

type Lines = (Vec<Vec<u8>>, BufReader<File>);

fn read_lines(mut reader: BufReader<File>) -> io::Result<Lines> {
    let mut lines = Vec::new();
    while lines.len() < LINES {
        let mut line = Vec::new();
        if reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.pop() != Some(b'\n') {
            return Err(io::Error::other("a line is too long or has no end"));
        }
        lines.push(line);
    }
    Ok((lines, reader))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other);
    done.and_then(|done| done).map_err(|error| Error::List(error.to_string()))
}

#[cfg(test)]
mod tests;
