//! Clears up after runs that were killed: their builds' containers, networks and processes, their secrets in memory,
//! their folders. Only what a claim without a living process names is touched.

use super::{Note, folder_of, host_name, register, take_over};
use crate::failure::chain;
use crate::output;
use buildyard_agent::{Agent, AgentConfig, ExecutorConfig, ExecutorKind};
use buildyard_model::AgentId;
use std::error::Error;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// For one claim: a start must not hang on an engine that does. What is not done is left for the next time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sweeps what dead runs of this user left on this host. Never fails: the next sweep tries again.
pub(crate) async fn sweep() {
    for register in register::candidates().into_iter().filter(|folder| register::is_private(folder)) {
        for path in fs::read_dir(register).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let Some(name) = name_of(&path) else { continue };
            match tokio::time::timeout(PATIENCE, clear(&path, &name)).await {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => output::note(&format!("removed what {name} had left when it was killed")),
                Ok(Err(error)) => {
                    tracing::warn!(run = %name, error = chain(&*error), "what a killed run left could not be removed yet");
                }
                Err(_) => tracing::warn!(run = %name, "removing what a killed run left took too long"),
            }
        }
    }
}

/// A claim's name by its file; drafts and others' files are none.
fn name_of(path: &Path) -> Option<AgentId> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    name.starts_with("run-").then(|| name.parse().ok()).flatten()
}

/// Clears one claim; false when there is nothing to do: its process lives, or it is another host's.
async fn clear(path: &Path, name: &AgentId) -> Result<bool, Box<dyn Error>> {
    let Some((lock, text)) = take_over(path)? else { return Ok(false) };
    let note: Note = serde_json::from_slice(&text)?;
    if note.host != host_name() {
        return Ok(false);
    }
    let temporary = note.folder.parent().filter(|parent| parent.is_absolute());
    if temporary.map(|temporary| folder_of(temporary, name)).as_ref() != Some(&note.folder) {
        return Err(format!("{} names a folder that is not a run's: remove it", path.display()).into());
    }
    let own = lock.metadata()?.uid();
    match fs::symlink_metadata(&note.folder) {
        Ok(found) if !found.is_dir() || found.uid() != own => {
            return Err(format!("{} is not this user's folder any more", note.folder.display()).into());
        }
        // The agent's part of it is made again, to be locked.
        found => drop(found),
    }
    let kind = if note.on_host { ExecutorKind::Host } else { ExecutorKind::Docker };
    let config = AgentConfig {
        name: Some(name.clone()),
        data_dir: note.folder.join("agent"),
        executor: ExecutorConfig { kind, address: note.address },
        ..AgentConfig::default()
    };
    Agent::clear(&config).await?;
    match fs::remove_dir_all(&note.folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::remove_file(path)?,
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_claims_are_looked_at() {
        assert!(name_of(Path::new("/r/run-1a2b.json")).is_some());
        for other in ["/r/.run-1a2b.json", "/r/run-1a2b", "/r/host.json", "/r/run-a b.json"] {
            assert!(name_of(Path::new(other)).is_none(), "{other}");
        }
    }

    #[tokio::test]
    async fn a_claim_that_names_another_folder_removes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let precious = home.path().join("precious");
        fs::create_dir(&precious).unwrap();
        let path = home.path().join("run-1.json");
        let note = Note { host: host_name(), folder: precious.clone(), on_host: true, address: None };
        fs::write(&path, serde_json::to_vec(&note).unwrap()).unwrap();
        let name: AgentId = "run-1".parse().unwrap();
        assert!(clear(&path, &name).await.is_err() && precious.is_dir());
        let elsewhere = Note { host: "another".into(), ..note };
        fs::write(&path, serde_json::to_vec(&elsewhere).unwrap()).unwrap();
        assert!(!clear(&path, &name).await.unwrap() && path.exists(), "another host's");
    }
}
