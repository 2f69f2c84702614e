//! `codebuild-hash-files` and `codebuild-glob-search` (reference 1.11, open question 7).

use super::say;
use buildyard_artifacts::select::{Rules, Selected, select};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Prints one SHA-256 over the files in the source directory that match: over the SHA-256 of each content, in the
/// order of the names, which themselves do not count. An empty line when there is none.
pub(super) fn hash(args: &[OsString]) -> super::Result {
    let source = std::env::var_os("CODEBUILD_SRC_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let files = matching(&source, args)?;
    let mut whole = Sha256::new();
    for file in &files {
        let mut one = Sha256::new();
        io::copy(&mut File::open(&file.path)?, &mut Hasher(&mut one))?;
        whole.update(one.finalize());
    }
    let text = if files.is_empty() { String::new() } else { hex::encode(whole.finalize()) };
    writeln!(io::stdout(), "{text}")?;
    Ok(0)
}

/// Prints the files that match, relative to the current directory.
pub(super) fn search(args: &[OsString]) -> super::Result {
    let files = matching(Path::new("."), args)?;
    if files.is_empty() {
        say("codebuild-glob-search: no files match");
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    for file in &files {
        writeln!(out, "{}", file.name)?;
    }
    out.flush()?;
    Ok(0)
}

fn matching(base: &Path, args: &[OsString]) -> Result<Vec<Selected>, Box<dyn std::error::Error>> {
    if args.is_empty() {
        return Err("wants one or more glob patterns".into());
    }
    let patterns: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let rules = Rules { patterns: &patterns, ..Rules::default() };
    Ok(select(base, &rules, &mut |_| ControlFlow::Continue(()))?)
}

struct Hasher<'a>(&'a mut Sha256);

impl Write for Hasher<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
