//! Refuses mounts that cannot be, or must not: the engine itself is never handed to a build, as whoever has its socket is
//! root on the host (reliability S38).

use crate::sandbox::{ExecutorError, Mount};
use std::path::{Path, PathBuf};

/// Sockets that are never mounted, also when the engine in use listens elsewhere.
const SOCKETS: [&str; 3] = ["/var/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"];

/// Refuses mounts that are, or hold, an engine's socket, symlinks followed; and such that are not there, which some
/// engines would make as empty folders or find missing only at the start.
pub(super) async fn check(mounts: &[Mount], own_socket: Option<&Path>) -> Result<(), ExecutorError> {
    let mut sockets = Vec::new();
    for socket in SOCKETS.iter().map(Path::new).chain(own_socket) {
        sockets.push(resolved(socket).await);
    }
    for mount in mounts {
        if !tokio::fs::try_exists(&mount.host).await.unwrap_or(false) {
            return Err(ExecutorError::Refused(format!(
                "{} cannot be mounted: it does not exist",
                mount.host.display()
            )));
        }
        let host = resolved(&mount.host).await;
        if let Some(socket) = sockets.iter().find(|socket| socket.starts_with(&host)) {
            return Err(ExecutorError::Refused(format!(
                "{} cannot be mounted: a build could reach the engine's socket {} through it and rule the host",
                mount.host.display(),
                socket.display()
            )));
        }
    }
    Ok(())
}

async fn resolved(path: &Path) -> PathBuf {
    tokio::fs::canonicalize(path).await.unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn allowed(host: &Path, socket: &Path) -> bool {
        let mount = Mount { host: host.to_owned(), inside: "/x".into(), read_only: true };
        check(&[mount], Some(socket)).await.is_ok()
    }

    #[tokio::test]
    async fn neither_the_socket_nor_a_folder_around_it_can_be_mounted() {
        let folder = tempfile::tempdir().unwrap();
        let (socket, workspace, link) =
            (folder.path().join("run/engine.sock"), folder.path().join("workspace"), folder.path().join("link"));
        for created in [socket.parent().unwrap(), &workspace] {
            std::fs::create_dir(created).unwrap();
        }
        std::fs::write(&socket, "").unwrap();
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        for host in [Path::new("/"), folder.path(), socket.parent().unwrap(), &socket, &link] {
            assert!(!allowed(host, &socket).await, "{}", host.display());
        }
        assert!(allowed(&workspace, &socket).await);
    }
}
