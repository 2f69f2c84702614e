//! What the host executor writes down about a sandbox, so that a later agent knows it: one folder with small files.
//! Invariants: a folder appears whole or not at all; the order to start is taken by renaming it, so at most one taker
//! starts it; the order, which holds the environment, does not outlive the start.

use super::failed;
use super::process::Identity;
use crate::sandbox::{ExecutorError, Exit, SandboxId, SandboxSpec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LABELS: &str = "labels.json";
const ORDER: &str = "order.json";
const CLAIMED: &str = "claimed.json";
const PROCESS: &str = "process.json";
const EXIT: &str = "exit.json";
/// Begins the names of folders that are being removed; no sandbox's name begins with a dot.
const GONE: &str = ".gone-";
/// Removing a folder while somebody still writes one last file into it takes a second try.
const REMOVALS: u32 = 5;

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) command: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) working_directory: PathBuf,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExitRecord {
    code: Option<i64>,
    /// Whether everything else of the sandbox was killed too.
    pub(super) swept: bool,
}

impl ExitRecord {
    pub(super) fn exit(&self) -> Exit {
        Exit { code: self.code, out_of_memory: false }
    }
}

/// One sandbox's folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    id: SandboxId,
}

impl Folder {
    /// Makes the folder of a sandbox that is to be started. Making the same one again before its start is no error.
    pub(super) fn make(base: &Path, spec: &SandboxSpec) -> Result<SandboxId, ExecutorError> {
        let id = SandboxId(spec.name.clone());
        // Dots begin no valid name, so nobody takes it for a sandbox.
        let draft = Self { path: base.join(format!(".new-{}", spec.name)), id: id.clone() };
        let final_path = base.join(&spec.name);
        remove_tree(&draft.path)?;
        make_private(&draft.home())?;
        draft.write(LABELS, &spec.labels)?;
        let order = Order {
            command: spec.command.clone(),
            environment: spec.environment.clone(),
            working_directory: spec.working_directory.clone(),
        };
        draft.write(ORDER, &order)?;
        if fs::rename(&draft.path, &final_path).is_ok() {
            return Ok(id);
        }
        remove_tree(&draft.path)?;
        let there = Self::open(base, &id)?;
        if there.labels()? == spec.labels && there.read::<Order>(ORDER)?.as_ref() == Some(&order) {
            return Ok(id);
        }
        Err(ExecutorError::Refused(format!(
            "the name {} is taken by another sandbox, or a run of this one: remove it first",
            id.0
        )))
    }

    /// The folder of a sandbox; `Gone` when there is none.
    pub(super) fn open(base: &Path, id: &SandboxId) -> Result<Self, ExecutorError> {
        let path = base.join(&id.0);
        if path.is_dir() { Ok(Self { path, id: id.clone() }) } else { Err(ExecutorError::Gone(id.clone())) }
    }

    /// Every sandbox's folder.
    pub(super) fn all(base: &Path) -> Result<Vec<Self>, ExecutorError> {
        let entries = fs::read_dir(base).map_err(|error| failed("reading folder", base, &error))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let ids = names.filter(|name| crate::name::is_safe(name)).map(SandboxId);
        Ok(ids.filter_map(|id| Self::open(base, &id).ok()).collect())
    }

    pub(super) fn id(&self) -> &SandboxId {
        &self.id
    }

    /// The program's HOME.
    pub(super) fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    pub(super) fn labels(&self) -> Result<BTreeMap<String, String>, ExecutorError> {
        Ok(self.read(LABELS)?.unwrap_or_default())
    }

    /// Takes the order to start; nobody else can have it then.
    pub(super) fn claim(&self) -> Result<Option<Order>, ExecutorError> {
        match fs::rename(self.path.join(ORDER), self.path.join(CLAIMED)) {
            Ok(()) => self.read(CLAIMED),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("claiming", &self.path, &error)),
        }
    }

    /// Puts an order back that could not be carried out.
    pub(super) fn unclaim(&self, order: &Order) -> Result<(), ExecutorError> {
        self.write(ORDER, order)
    }

    /// Drops the order: its environment may hold secrets.
    pub(super) fn forget_order(&self) {
        for file in [ORDER, CLAIMED] {
            let _ = fs::remove_file(self.path.join(file));
        }
    }

    pub(super) fn was_started(&self) -> bool {
        !self.path.join(ORDER).exists()
    }

    pub(super) fn keep_process(&self, identity: &Identity) -> Result<(), ExecutorError> {
        self.write(PROCESS, identity)
    }

    pub(super) fn process(&self) -> Result<Option<Identity>, ExecutorError> {
        self.read(PROCESS)
    }

    /// Best effort: the folder may be removed already, and whoever waits in this process is told otherwise.
    pub(super) fn keep_exit(&self, exit: &Exit, swept: bool) {
        if let Err(error) = self.write(EXIT, &ExitRecord { code: exit.code, swept }) {
            tracing::debug!(%error, "a sandbox's end could not be written down");
        }
    }

    pub(super) fn exit(&self) -> Result<Option<ExitRecord>, ExecutorError> {
        self.read(EXIT)
    }

    /// Removes the folder and all in it. It goes out of sight first, so that nobody writes into it meanwhile.
    pub(super) async fn remove(&self) -> Result<(), ExecutorError> {
        let gone = self.path.with_file_name(format!("{GONE}{}", self.id.0));
        remove_tree(&gone)?;
        match fs::rename(&self.path, &gone) {
            Ok(()) => {}
            // Somebody else removes it.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("removing folder", &self.path, &error)),
        }
        let removed = tokio::task::spawn_blocking(move || remove_tree(&gone)).await;
        removed.map_err(|error| ExecutorError::Failed(error.to_string()))?
    }

    /// Removes what a removal that was cut short has left.
    pub(super) fn clear_removed(base: &Path) -> Result<(), ExecutorError> {
        let entries = fs::read_dir(base).map_err(|error| failed("reading folder", base, &error))?;
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(GONE)) {
            remove_tree(&entry.path())?;
        }
        Ok(())
    }

    fn write(&self, file: &str, value: &impl Serialize) -> Result<(), ExecutorError> {
        let path = self.path.join(file);
        let draft = self.path.join(format!("{file}.new"));
        let text = serde_json::to_vec(value).map_err(|error| ExecutorError::Failed(error.to_string()))?;
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut opened| std::io::Write::write_all(&mut opened, &text))
            .and_then(|()| fs::rename(&draft, &path));
        written.map_err(|error| failed("writing", &path, &error))
    }

    fn read<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>, ExecutorError> {
        let path = self.path.join(file);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| ExecutorError::Failed(format!("reading {}: {error}", path.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("reading", &path, &error)),
        }
    }
}

/// Makes a folder that only this user can enter; one that is there is left as it is.
pub(super) fn make_private(path: &Path) -> Result<(), ExecutorError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| failed("making folder", path, &error))
}

fn remove_tree(path: &Path) -> Result<(), ExecutorError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries < REMOVALS => {}
            Err(error) => return Err(failed("removing folder", path, &error)),
        }
    }
}
