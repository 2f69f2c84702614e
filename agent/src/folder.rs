//! A lease's folder on the host: what the build works in, and what a restarted agent needs to go on with it.
//!
//! ```text
//! builds/<slug>/
//!   job.json        the lease and the job            state.json      the stage
//!   intro.journal   the agent's lines before the runner's, outro.journal those after
//!   plan.json       until it is put into control/
//!   control/        mounted: plan.json, journal, output/
//!   workspace/      mounted at /codebuild/output     readonly/       mounted at /codebuild/readonly
//! ```
//!
//! Invariant: a folder appears whole, by a rename, and every file in it that the agent trusts lies outside of what is
//! mounted. Files survive the agent's death, not the host's: a build does not survive that either.

mod state;
mod trash;
mod warm;

pub(crate) use state::{Ending, Stage, State};

use buildyard_model::{JobSpec, LeaseToken};
use buildyard_runner::plan::{JOURNAL_FILE, OUTPUT_DIRECTORY, PLAN_FILE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Those of a lease's folders that its sandbox sees.
const MOUNTED: [&str; 3] = ["control", "workspace", "readonly"];

/// The folder that holds the folders of all leases.
#[derive(Debug, Clone)]
pub(crate) struct Builds {
    root: PathBuf,
    /// Where the folders of warm containers lie, until builds take them over.
    warm: PathBuf,
    trash: PathBuf,
    /// Where folders in memory are made.
    memory: PathBuf,
}

/// One lease's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    trash: PathBuf,
    memory: PathBuf,
}

/// What was found of an earlier agent process.
#[derive(Debug)]
pub(crate) struct Kept {
    pub folder: Folder,
    pub lease: LeaseToken,
    pub job: JobSpec,
    pub state: State,
}

#[derive(Serialize, Deserialize)]
struct JobFile {
    lease: LeaseToken,
    job: JobSpec,
}

impl Builds {
    /// Opens or makes the folder below `data_dir`. Secrets go below `memory`, which must lie in memory.
    pub(crate) fn open(data_dir: &Path, memory: PathBuf) -> io::Result<Self> {
        let (root, warm, trash) = (data_dir.join("builds"), data_dir.join("warm"), data_dir.join("trash"));
        let builds = Self { root, warm, trash, memory };
        make_private(&builds.root)?;
        make_private(&builds.warm)?;
        make_private(&builds.trash)?;
        Ok(builds)
    }

    /// Where they lie: to be named when their disk is full.
    pub(crate) fn place(&self) -> &Path {
        &self.root
    }

    /// Makes the folder of a lease, with its job in it.
    pub(crate) fn create(&self, lease: &LeaseToken, job: &JobSpec) -> io::Result<Folder> {
        let folder = self.folder(&lease.slug());
        let draft = self.root.join(format!(".new-{}", lease.slug()));
        trash::move_to(&self.trash, &draft)?;
        let made = draw(&draft, lease, job).and_then(|()| fs::rename(&draft, &folder.path));
        if let Err(error) = made {
            // A full disk needs even this little; the next start of the agent removes what stays.
            let _ = fs::remove_dir_all(&draft);
            return Err(error);
        }
        Ok(folder)
    }

    /// Every lease that an earlier process left. What cannot be read is of no use to anybody and goes to the trash.
    pub(crate) fn scan(&self) -> io::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let folder = self.folder(&name);
            match folder.read() {
                Ok((JobFile { lease, job }, state)) if lease.slug() == name => {
                    kept.push(Kept { folder, lease, job, state });
                }
                Ok(_) => folder.discard()?,
                Err(error) => {
                    tracing::warn!(folder = %folder.path.display(), %error, "a build's folder cannot be read; it is removed");
                    folder.discard()?;
                }
            }
        }
        Ok(kept)
    }

    /// Drops secrets of leases that are not among `kept`.
    pub(crate) fn forget_others(&self, kept: &BTreeSet<String>) -> io::Result<()> {
        let entries = match fs::read_dir(&self.memory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if !kept.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        // Fails while leases are kept.
        let _ = fs::remove_dir(&self.memory);
        Ok(())
    }

    /// Deletes what was discarded.
    pub(crate) fn empty_trash(&self) {
        trash::empty(&self.trash);
    }

    fn folder(&self, slug: &str) -> Folder {
        Folder { path: self.root.join(slug), trash: self.trash.clone(), memory: self.memory.join(slug) }
    }
}

impl Folder {
    /// Where all builds of the agent lie: to be named when their disk is full.
    pub(crate) fn place(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Lines of the agent before the runner's.
    pub(crate) fn intro(&self) -> PathBuf {
        self.path.join("intro.journal")
    }

    /// Lines of the agent after the runner's.
    pub(crate) fn outro(&self) -> PathBuf {
        self.path.join("outro.journal")
    }

    /// Shared with the runner.
    pub(crate) fn control(&self) -> PathBuf {
        self.path.join("control")
    }

    /// The plan while the runner shall not see it yet.
    pub(crate) fn draft(&self) -> PathBuf {
        self.path.join(PLAN_FILE)
    }

    /// Puts the plan where the runner looks for it, whole; does nothing when that was done before.
    pub(crate) fn hand_over_plan(&self) -> io::Result<()> {
        match fs::rename(self.draft(), self.control().join(PLAN_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The runner's journal: untrusted.
    pub(crate) fn journal(&self) -> PathBuf {
        self.control().join(JOURNAL_FILE)
    }

    /// What the runner packed: untrusted.
    pub(crate) fn output(&self) -> PathBuf {
        self.control().join(OUTPUT_DIRECTORY)
    }

    /// What the build works in: untrusted.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.path.join("workspace")
    }

    /// The buildspec, where it is not a file of the source.
    pub(crate) fn readonly(&self) -> PathBuf {
        self.path.join("readonly")
    }

    /// A folder in memory, made when it is needed.
    pub(crate) fn memory(&self) -> &Path {
        &self.memory
    }

    /// Makes the folder in memory.
    pub(crate) fn make_memory(&self) -> io::Result<()> {
        // Another build's end may remove the folder around it in the same moment.
        match make_private(&self.memory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make_private(&self.memory),
            made => made,
        }
    }

    /// Whether no stage was ever kept: nothing was begun yet.
    pub(crate) fn is_fresh(&self) -> bool {
        !self.path.join("state.json").exists()
    }

    /// Replaces the stage on disk, at once or not at all.
    pub(crate) fn keep(&self, state: &State) -> io::Result<()> {
        let fresh = self.path.join(".state.json");
        write_private(&fresh, &serde_json::to_vec(state)?)?;
        fs::rename(fresh, self.path.join("state.json"))
    }

    /// Makes everything that a build writes to empty again, for a build that begins anew. The intro stays: what was
    /// said was said.
    pub(crate) fn start_over(&self) -> io::Result<()> {
        self.discard_work()?;
        for path in [self.control(), self.workspace(), self.readonly()] {
            fs::create_dir_all(path)?;
        }
        Ok(())
    }

    /// Drops what the build wrote, secrets included; the agent's own files stay.
    pub(crate) fn discard_work(&self) -> io::Result<()> {
        trash::move_to(&self.trash, &self.control())?;
        trash::move_to(&self.trash, &self.workspace())?;
        trash::move_to(&self.trash, &self.readonly())?;
        self.discard_memory()
    }

    /// Drops secrets. The folder around them goes with the last build's.
    pub(crate) fn discard_memory(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.memory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Fails while other builds are there.
        let _ = self.memory.parent().map(fs::remove_dir);
        Ok(())
    }

    /// Drops everything: nothing is left to do for the lease.
    pub(crate) fn discard(&self) -> io::Result<()> {
        self.discard_memory()?;
        trash::move_to(&self.trash, &self.path)
    }

    fn read(&self) -> io::Result<(JobFile, State)> {
        let job = serde_json::from_slice(&fs::read(self.path.join("job.json"))?)?;
        let state = match fs::read(self.path.join("state.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(error),
        };
        Ok((job, state))
    }
}

fn draw(draft: &Path, lease: &LeaseToken, job: &JobSpec) -> io::Result<()> {
    make_private(draft)?;
    for name in MOUNTED {
        fs::create_dir(draft.join(name))?;
    }
    let file = JobFile { lease: lease.clone(), job: job.clone() };
    write_private(&draft.join("job.json"), &serde_json::to_vec(&file)?)
}

fn make_private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, bytes)
}

#[cfg(test)]
mod tests;
