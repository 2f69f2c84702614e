//! Holds a kept network's namespace between the sandboxes of one tenant. For each container an engine sets up a namespace,
//! with an address, firewall rules and a name server, and takes it down again: more than half of a short sandbox's time. A
//! container that does nothing stays in the namespace instead, and one sandbox after another joins it.
//!
//! Invariants: only sandboxes of one tenant ever join, one at a time, and none that is privileged, which could change the
//! namespace for those that follow. What a sandbox finds in `/etc` is its own copy. No connection that an earlier one
//! closed keeps a port from it.

use super::container::{bind, reach_into};
use super::failure::Failure;
use super::link::Link;
use super::network;
use super::remove;
use super::spares::OWNER;
use super::state::{self, State};
use crate::sandbox::{ExecutorError, Mount, SandboxId};
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, DownloadFromContainerOptionsBuilder,
};
use futures::TryStreamExt;
use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// An image with nothing in it: the program is mounted.
const IMAGE: &str = "buildyard/empty";
/// An archive without entries.
const EMPTY_TAR: [u8; 1024] = [0; 1024];
/// What follows a network's name in its holder's.
const SUFFIX: &str = ".holder";
const MEMORY_BYTES: i64 = 64 << 20;
const PIDS: i64 = 64;
/// Where a container's place in the network is written; the engine makes these for each namespace.
const FILES: [&str; 3] = ["hosts", "hostname", "resolv.conf"];
/// Closed connections are forgotten at once: the next sandbox finds their ports free.
const SYSCTLS: [(&str, &str); 1] = [("net.ipv4.tcp_max_tw_buckets", "0")];

/// A program that stays until it is told to end, and what it takes to keep sandboxes beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Statically linked.
    pub program: Mount,
    /// argv.
    pub command: Vec<String>,
    /// Where sandboxes' own copies of the namespace's files may lie; nothing else is in it.
    pub folder: PathBuf,
}

/// How namespaces are held here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holding<'a> {
    pub(super) by: &'a Holder,
    pub(super) owner: &'a str,
    pub(super) engine_root: Option<&'a Path>,
}

/// What the engine wrote into `/etc` for a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Files(Vec<(&'static str, Vec<u8>)>);

impl Files {
    /// Writes a copy of each into a sandbox's folder, readable for all of its users.
    pub(super) async fn lay_out(&self, folder: &Path) -> Result<(), ExecutorError> {
        let write = async {
            clear(folder).await?;
            tokio::fs::create_dir_all(folder).await?;
            for (name, bytes) in &self.0 {
                let path = folder.join(name);
                tokio::fs::write(&path, bytes).await?;
                tokio::fs::set_permissions(&path, Permissions::from_mode(0o644)).await?;
            }
            Ok(())
        };
        let failed = |error: std::io::Error| ExecutorError::Failed(format!("writing to {}: {error}", folder.display()));
        write.await.map_err(failed)
    }

    /// Where the copies are for a sandbox.
    pub(super) fn mounts(&self, folder: &Path) -> Vec<Mount> {
        let mount =
            |name: &str| Mount { host: folder.join(name), inside: Path::new("/etc").join(name), read_only: false };
        self.0.iter().map(|(name, _)| mount(name)).collect()
    }
}

/// Removes a sandbox's copies, whatever it made of them.
pub(super) async fn clear(folder: &Path) -> std::io::Result<()> {
    match tokio::fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The name of a network's holder.
pub(super) fn name(network: &str) -> String {
    format!("{network}{SUFFIX}")
}

/// The network that a holder of this name holds.
pub(super) fn network_of(name: &str) -> Option<&str> {
    name.trim_start_matches('/').strip_suffix(SUFFIX)
}

/// Sees to it that the network has a running holder, and gives its namespace's files.
pub(super) async fn hold(link: &Link, holder: &Holding<'_>, network: &str) -> Result<Files, ExecutorError> {
    let name = name(network);
    Box::pin(create(link, &name, body(holder, network)?)).await?;
    link.change(&format!("starting {name}"), link.docker.start_container(&name, None)).await?;
    files(link, &name).await
}

/// The same for one that should be running: gives the files of a namespace that had to be set up anew.
pub(super) async fn keep_up(link: &Link, holder: &Holding<'_>, network: &str) -> Result<Option<Files>, ExecutorError> {
    match state::ask(link, &SandboxId(name(network))).await {
        Ok(State::Running) => return Ok(None),
        Ok(State::Fresh(_) | State::Ended(_)) | Err(ExecutorError::Gone(_)) => {}
        Err(error) => return Err(error),
    }
    // The engine was restarted, or somebody pruned what is ours: what is left of it may be of a network that is gone.
    remove(link, network).await?;
    network::create(link, network, &[(OWNER.to_owned(), holder.owner.to_owned())].into()).await?;
    hold(link, holder, network).await.map(Some)
}

/// Removes a network's holder, if there is one. Nobody may be beside it any more.
pub(super) async fn remove(link: &Link, network: &str) -> Result<(), ExecutorError> {
    remove::container(link, &name(network)).await
}

async fn create(link: &Link, name: &str, body: ContainerCreateBody) -> Result<(), ExecutorError> {
    let doing = format!("creating {name}");
    let options = CreateContainerOptionsBuilder::default().name(name).build();
    let create = || link.change(&doing, link.docker.create_container(Some(options.clone()), body.clone()));
    let created = match create().await {
        Err(Failure::Absent(_)) => {
            import_image(link).await?;
            create().await
        }
        created => created,
    };
    match created {
        // There from a call that was dropped half-way: nobody else gives such names.
        Ok(_) | Err(Failure::Conflict(_)) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

async fn import_image(link: &Link) -> Result<(), ExecutorError> {
    let options = CreateImageOptionsBuilder::default().from_src("-").repo(IMAGE).tag("latest").build();
    let body = bollard::body_full(EMPTY_TAR.to_vec().into());
    let import = link.docker.create_image(Some(options), Some(body), None).try_collect::<Vec<_>>();
    link.change(&format!("importing the image {IMAGE}"), import).await?;
    Ok(())
}

fn body(holder: &Holding<'_>, network: &str) -> Result<ContainerCreateBody, ExecutorError> {
    let host_config = HostConfig {
        network_mode: Some(network.to_owned()),
        sysctls: Some(SYSCTLS.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        mounts: Some(vec![bind(&holder.by.program)?]),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        ipc_mode: Some("private".to_owned()),
        memory: Some(MEMORY_BYTES),
        memory_swap: Some(MEMORY_BYTES),
        pids_limit: Some(PIDS),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        ..Default::default()
    };
    let mut body = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        entrypoint: Some(holder.by.command.clone()),
        working_dir: Some("/".to_owned()),
        labels: Some([(OWNER.to_owned(), holder.owner.to_owned())].into()),
        host_config: Some(host_config),
        ..Default::default()
    };
    if let Some(root) = holder.engine_root {
        reach_into(&mut body, root);
    }
    Ok(body)
}

async fn files(link: &Link, name: &str) -> Result<Files, ExecutorError> {
    let mut files = Vec::new();
    for file in FILES {
        let options = DownloadFromContainerOptionsBuilder::default().path(&format!("/etc/{file}")).build();
        let archive = link.docker.download_from_container(name, Some(options));
        let archive = archive.try_fold(Vec::new(), async |mut all, part| {
            all.extend_from_slice(&part);
            Ok(all)
        });
        let archive = link.query(&format!("reading /etc/{file} of {name}"), archive).await?;
        files.push((file, only_entry(&archive).map_err(|error| ExecutorError::Failed(error.to_string()))?));
    }
    Ok(Files(files))
}

fn only_entry(archive: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let mut entry = archive.entries()?.next().ok_or(std::io::ErrorKind::UnexpectedEof)??;
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::MountBindOptionsPropagationEnum as Propagation;

    #[test]
    fn a_holder_can_do_nothing_and_its_program_may_lie_on_a_volume() {
        let program = Mount { host: "/engine/volumes/agent/bin".into(), inside: "/bin".into(), read_only: true };
        let by = Holder { program, command: vec!["/bin".into()], folder: "/engine/volumes/agent/networks".into() };
        let held = Holding { by: &by, owner: "a", engine_root: Some(Path::new("/engine")) };
        let config = body(&held, "x.net").unwrap().host_config.unwrap();
        assert_eq!((config.privileged, config.cap_drop), (None, Some(vec!["ALL".to_owned()])));
        let mounts = config.mounts.unwrap();
        let propagation = mounts[0].bind_options.as_ref().unwrap().propagation;
        assert_eq!((mounts.len(), mounts[0].read_only, propagation), (1, Some(true), Some(Propagation::RSLAVE)));
    }

    #[test]
    fn a_holders_network_is_known_by_its_name() {
        assert_eq!(network_of(&format!("/{}", name("x.net"))), Some("x.net"));
        assert_eq!(network_of("/x.net"), None);
    }
}
