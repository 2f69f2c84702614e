//! What a `run` owns on this host, written down so that a later `run` or `up` can clear up after one that was killed:
//! its folder, and the name that its containers and networks carry as label.
//!
//! A claim is a file that its process holds locked for as long as it lives. The lock is the operating system's and goes
//! with the process, however that ends; numbers of processes, which are given out again, say nothing here. Invariants:
//! a claim appears whole and locked, by a rename; whoever acts on one holds its lock; names are never used twice.

mod register;
mod sweep;

pub(crate) use sweep::sweep;

use crate::failure::Failure;
use buildyard_agent::{ExecutorConfig, ExecutorKind};
use buildyard_model::AgentId;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Claims are short.
const CLAIM_BYTES: u64 = 64 << 10;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The host's name: a home folder may be shared by several.
    host: String,
    /// Everything of the run that is a file.
    folder: PathBuf,
    /// Whether the run's builds are processes of this host.
    on_host: bool,
    /// The engine's address, where one was given.
    address: Option<String>,
}

/// A claim of this process: a name and a private folder, gone with it.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The agent's name, which all that is made carries.
    pub(crate) name: AgentId,
    /// Private to this user.
    pub(crate) folder: PathBuf,
    path: PathBuf,
    _lock: File,
}

impl Claim {
    /// Makes the claim, then the folder.
    pub(crate) fn make(executor: &ExecutorConfig) -> Result<Self, Failure> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let text = format!("run-{}", &id[..12]);
        let name: AgentId = text.parse().map_err(|_| Failure::service(format!("cannot name a run {text}")))?;
        let temporary = std::env::temp_dir();
        let temporary = temporary.canonicalize().map_err(Failure::file("find", &temporary))?;
        let folder = folder_of(&temporary, &name);
        let note = Note {
            host: host_name(),
            folder: folder.clone(),
            on_host: executor.kind == ExecutorKind::Host,
            // As the engine's client looks for it; a later run may see other variables.
            address: executor
                .address
                .clone()
                .or_else(|| variable("DOCKER_HOST"))
                .or_else(|| variable("CONTAINER_HOST")),
        };
        let register = register::writable()?;
        let path = register.join(format!("{name}.json"));
        let lock = write(&register, &path, &note).map_err(Failure::file("create", &path))?;
        let claim = Self { name, folder, path, _lock: lock };
        fs::DirBuilder::new().mode(0o700).create(&claim.folder).map_err(Failure::file("create", &claim.folder))?;
        Ok(claim)
    }

    /// Gives it up: everything of the run is gone but its folder.
    pub(crate) fn close(self) -> Result<(), Failure> {
        fs::remove_dir_all(&self.folder).map_err(Failure::file("remove", &self.folder))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        match fs::remove_dir_all(&self.folder) {
            // The next run does it.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {}
            _ => {
                let _ = fs::remove_file(&self.path);
            }
        }
    }
}

/// A run's folder: its name belongs to nobody else.
fn folder_of(temporary: &Path, name: &AgentId) -> PathBuf {
    temporary.join(format!("buildyard-{name}"))
}

/// Writes a locked claim.
fn write(register: &Path, path: &Path, note: &Note) -> io::Result<File> {
    let draft = register.join(format!(".{}", path.file_name().unwrap_or_default().to_string_lossy()));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.try_lock().map_err(io::Error::from).and_then(|()| {
        file.write_all(&serde_json::to_vec(note)?)?;
        fs::rename(&draft, path)
    });
    if let Err(error) = written {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    Ok(file)
}

/// The claim of a process that is dead, with its lock. Nothing when its process lives, or another sweeps it.
fn take_over(path: &Path) -> io::Result<Option<(File, Vec<u8>)>> {
    let mut file = File::options().read(true).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Swept between opening and locking.
    if file.metadata()?.nlink() == 0 {
        return Ok(None);
    }
    let mut text = Vec::new();
    Read::by_ref(&mut file).take(CLAIM_BYTES).read_to_end(&mut text)?;
    Ok(Some((file, text)))
}

fn host_name() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        Note { host: "here".into(), folder: "/tmp/buildyard-run-1".into(), on_host: true, address: None }
    }

    #[test]
    fn a_claim_is_taken_over_only_when_its_process_has_let_it_go() {
        let register = tempfile::tempdir().unwrap();
        let path = register.path().join("run-1.json");
        let held = write(register.path(), &path, &note()).unwrap();
        assert!(take_over(&path).unwrap().is_none());
        drop(held);
        let (swept, text) = take_over(&path).unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Note>(&text).unwrap(), note());
        assert!(take_over(&path).unwrap().is_none(), "another sweep is under way");
        drop(swept);
        assert_eq!(register.path().read_dir().unwrap().count(), 1, "no draft is left");
    }
}
