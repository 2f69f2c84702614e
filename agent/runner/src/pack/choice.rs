//! Which files one artifact holds, with CodeBuild's log lines about it (reference 2.5).

use super::Error;
use crate::command::Supervisor;
use crate::failure::Failure;
use crate::log::Log;
use crate::phases::Walker;
use crate::plan::ArtifactOrder;
use buildyard_artifacts::select::{self, Note, Rules, SelectError, Selected};
use buildyard_buildspec::ArtifactFiles;
use buildyard_model::Packaging;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Never part of an artifact: the kernel's own trees.
const NEVER: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Chooses the files below `base`; none at all is the build's mistake.
pub(super) fn choose(
    walker: &mut Walker<'_>,
    files: &ArtifactFiles,
    order: &ArtifactOrder,
    base: &str,
) -> Result<Vec<Selected>, Error> {
    let source = &walker.plan.source_directory;
    let own =
        [&walker.plan.state_directory, walker.control, Path::new(NEVER[0]), Path::new(NEVER[1]), Path::new(NEVER[2])];
    let avoid = canonical(&own);
    let within = canonical(&[source]);
    let mut watch = Watch { log: &mut walker.log, supervisor: &mut walker.supervisor, failure: None };
    for line in
        [format!("Expanding base directory path: {base}"), "Assembling file list".into(), format!("Expanding {base}")]
    {
        watch.log.line(&line)?;
    }
    let found = select::base_directories(source, base, &avoid, &mut |note| watch.note(note));
    let bases = found.map_err(|error| watch.error(&error))?;
    if bases.is_empty() {
        watch.log.line(&format!("Skipping invalid file path {base}"))?;
        return Err(Error::client(format!("no matching base directory path found for {base}")));
    }
    let rules = Rules {
        patterns: &files.files,
        excludes: &files.exclude_paths,
        discard_paths: files.discard_paths,
        keep_symlinks: files.enable_symlinks && order.packaging == Packaging::Zip && !files.discard_paths,
        within: &within,
        avoid: &avoid,
    };
    let mut chosen: BTreeMap<String, Selected> = BTreeMap::new();
    for base in &bases {
        watch.log.line(&format!("Expanding file paths for base directory {}", shown(source, base)))?;
        watch.log.line("Assembling file list")?;
        let found = select::select(base, &rules, &mut |note| watch.note(note));
        let found = found.map_err(|error| watch.error(&error))?;
        if !found.is_empty() {
            watch.log.line(&format!("Found {} file(s)", found.len()))?;
        }
        for entry in found {
            // The first base directory wins.
            chosen.entry(entry.name.clone()).or_insert(entry);
        }
    }
    if chosen.is_empty() {
        return Err(Error::client("no matching artifact paths found"));
    }
    Ok(chosen.into_values().collect())
}

fn shown(source: &Path, base: &Path) -> String {
    let relative = base.strip_prefix(source).unwrap_or(base);
    if relative.as_os_str().is_empty() { ".".into() } else { relative.display().to_string() }
}

fn canonical(paths: &[&Path]) -> Vec<PathBuf> {
    paths.iter().filter_map(|path| std::fs::canonicalize(path).ok()).collect()
}

/// Logs what the selection tells, and looks after signals and background output while it walks.
struct Watch<'a> {
    log: &'a mut Log,
    supervisor: &'a mut Supervisor,
    failure: Option<Failure>,
}

impl Watch<'_> {
    fn note(&mut self, note: Note<'_>) -> ControlFlow<()> {
        let result = match note {
            Note::Expanding(pattern) => self.log.line(&format!("Expanding {pattern}")),
            Note::Unmatched(pattern) => self.log.line(&format!("Skipping invalid file path {pattern}")),
            Note::LeadsOut(path) => {
                self.log.line(&format!("Skipping link {}: it leads out of the source or to nothing", path.display()))
            }
            Note::Duplicate(name) => self.log.line(&format!("Skipping another file with the name {name}")),
            Note::Working => self.supervisor.check(self.log),
        };
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        }
    }

    fn error(&mut self, error: &SelectError) -> Error {
        match self.failure.take() {
            Some(failure) => Error::Runner(failure),
            None => Error::client(error.to_string()),
        }
    }
}
