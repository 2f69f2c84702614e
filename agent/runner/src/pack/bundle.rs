//! Writes one artifact's chosen files to where the agent can upload them from.

use super::Error;
use crate::failure::Failure;
use crate::journal::{PackedFile, PackedRoot};
use crate::phases::Walker;
use buildyard_artifacts::archive::zip_write::{self, ZipError};
use buildyard_artifacts::select::{Kind, Selected};
use buildyard_model::Packaging;
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where one artifact's files go.
#[derive(Debug)]
pub(super) struct Bundle<'a> {
    /// The control directory's output folder.
    pub(super) output: &'a Path,
    /// Names this artifact's files there.
    pub(super) number: usize,
    /// What runner and agent both see; may be empty.
    pub(super) workspace: &'a Path,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) list: String,
    pub(super) sha256sum: String,
    pub(super) md5sum: String,
}

impl Bundle<'_> {
    /// Writes the ZIP, or what has to be copied, and the list.
    pub(super) fn write(
        &self,
        chosen: &[Selected],
        packaging: Packaging,
        walker: &mut Walker<'_>,
    ) -> Result<Written, Error> {
        let (files, sha256sum, md5sum) = match packaging {
            Packaging::Zip => self.zip(chosen, walker)?,
            Packaging::None => (self.loose(chosen, walker)?, String::new(), String::new()),
        };
        let list = format!("{}.list", self.number);
        let path = self.output.join(&list);
        write_list(&path, &files).map_err(|error| Failure::state(path.display(), error))?;
        Ok(Written { list, sha256sum, md5sum })
    }

    fn zip(&self, chosen: &[Selected], walker: &mut Walker<'_>) -> Result<(Vec<PackedFile>, String, String), Error> {
        let name = format!("{}.zip", self.number);
        let mut failure = None;
        let written = zip_write::write_zip(&self.output.join(&name), chosen, &mut || {
            failure = walker.supervisor.check(&mut walker.log).err();
            failure.is_none()
        });
        let written = written.map_err(|error| match (failure, error) {
            (Some(failure), _) => Error::Runner(failure),
            (None, ZipError::Write { path, source }) => Failure::state(path.display(), source).into(),
            (None, error @ (ZipError::Read { .. } | ZipError::Interrupted)) => Error::client(error.to_string()),
        })?;
        let file =
            PackedFile { root: PackedRoot::Output, path: name, name: String::new(), size_bytes: written.size_bytes };
        Ok((vec![file], written.sha256sum, written.md5sum))
    }

    fn loose(&self, chosen: &[Selected], walker: &mut Walker<'_>) -> Result<Vec<PackedFile>, Error> {
        let workspace = fs::canonicalize(self.workspace).ok();
        let mut files = Vec::with_capacity(chosen.len());
        for entry in chosen {
            let Kind::File { size_bytes } = entry.kind else { continue };
            let inside = workspace.as_ref().and_then(|workspace| entry.path.strip_prefix(workspace).ok()?.to_str());
            let (root, path, size_bytes) = match inside {
                Some(path) => (PackedRoot::Workspace, path.to_owned(), size_bytes),
                None => {
                    walker.supervisor.check(&mut walker.log)?;
                    let (path, size_bytes) = self.copy(&entry.path, files.len())?;
                    (PackedRoot::Output, path, size_bytes)
                }
            };
            files.push(PackedFile { root, path, name: entry.name.clone(), size_bytes });
        }
        Ok(files)
    }

    /// Copies a file that the agent could not see. A link that was put in its place meanwhile is refused.
    fn copy(&self, from: &Path, index: usize) -> Result<(String, u64), Error> {
        let unread = |error: io::Error| Error::client(format!("cannot read {}: {error}", from.display()));
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut source =
            File::from(rustix::fs::open(from, flags, Mode::empty()).map_err(|error| unread(error.into()))?);
        if !source.metadata().map_err(unread)?.is_file() {
            return Err(unread(io::Error::other("it is no regular file any more")));
        }
        let name = format!("{}/{index}", self.number);
        let path: PathBuf = self.output.join(&name);
        let copied = fs::create_dir_all(self.output.join(self.number.to_string()))
            .and_then(|()| io::copy(&mut source, &mut File::create_new(&path)?));
        match copied {
            Ok(size_bytes) => Ok((name, size_bytes)),
            Err(error) => Err(Failure::state(path.display(), error).into()),
        }
    }
}

fn write_list(path: &Path, files: &[PackedFile]) -> io::Result<()> {
    let mut out = BufWriter::new(File::create_new(path)?);
    for file in files {
        serde_json::to_writer(&mut out, file)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
