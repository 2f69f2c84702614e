//! Lets a `run-as` user reach its own build where that lies below folders that are private to root, as on the host
//! executor (in a container every folder above is the image's, and open).
//!
//! No folder is opened to anybody: the command gets a mount namespace of its own, in which an empty folder covers the
//! private one and shows nothing but the way to what was granted. Other builds, credentials and the spool are out of
//! the user's sight altogether. Invariant: what the rest of the host sees does not change.

use crate::user::Account;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, setegid, seteuid, setgroups};
use rustix::fs::{Mode, OFlags};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The user can not be given what it needs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The kernel does not let us hide a private folder.
    #[error(
        "the user cannot enter {}, which is private to root, and no mount namespace can be made to lead around it \
         ({source}): run the agent with CAP_SYS_ADMIN, or run this build in a container", .folder.display()
    )]
    Forbidden { folder: PathBuf, source: io::Error },
    /// Something on the way to it failed.
    #[error("cannot give the user access to {}: {source}", .path.display())]
    Failed { path: PathBuf, source: io::Error },
}

fn failed(path: &Path, source: impl Into<io::Error>) -> Error {
    Error::Failed { path: path.to_owned(), source: source.into() }
}

/// Makes every one of `paths` reachable for the user: by its name, not by more rights to itself. Changes this process
/// and its children only; to be called as root, before it becomes the user, and in a process of one thread.
pub(crate) fn grant(user: &Account, paths: &[PathBuf]) -> Result<(), Error> {
    let Some(folder) = first_obstacle(user, paths)? else { return Ok(()) };
    let forbidden = |errno: nix::errno::Errno| Error::Forbidden { folder: folder.clone(), source: errno.into() };
    unshare(CloneFlags::CLONE_NEWNS).map_err(forbidden)?;
    // Mounts that the host makes later still come in; ours do not go out.
    let slave = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    mount(None::<&str>, "/", None::<&str>, slave, None::<&str>).map_err(forbidden)?;
    // Only now, as a mount of another namespace cannot be bound, and before anything covers them.
    let granted = paths.iter().map(|path| Granted::open(path)).collect::<Result<Vec<_>, _>>()?;
    // Where links lead first, then along the links.
    for granted in &granted {
        granted.show(user, &granted.real)?;
    }
    for granted in &granted {
        granted.show(user, &granted.path)?;
    }
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    // The folder that is covered would still be there behind `.`.
    if std::env::set_current_dir(&here).is_err() {
        std::env::set_current_dir("/").map_err(|error| failed(Path::new("/"), error))?;
    }
    match first_obstacle(user, paths)? {
        None => Ok(()),
        Some(folder) => Err(failed(&folder, io::Error::from(io::ErrorKind::PermissionDenied))),
    }
}

/// A file or folder that the user gets to see.
struct Granted {
    path: PathBuf,
    /// The same without links.
    real: PathBuf,
    file: OwnedFd,
    is_folder: bool,
}

impl Granted {
    fn open(path: &Path) -> Result<Self, Error> {
        let real = path.canonicalize().map_err(|error| failed(path, error))?;
        let file = rustix::fs::open(&real, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        let file = file.map_err(|error| failed(path, error))?;
        Ok(Self { path: path.to_owned(), is_folder: real.is_dir(), real, file })
    }

    /// Makes it appear at `target`, if the user does not see it there yet.
    fn show(&self, user: &Account, target: &Path) -> Result<(), Error> {
        match obstacle(user, target)? {
            Obstacle::None => return Ok(()),
            // Below a folder of ours.
            Obstacle::Missing => {}
            Obstacle::Private(folder) => cover(&folder)?,
        }
        self.prepare(target).map_err(|error| failed(target, error))?;
        let source = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(source.as_str()), target, None::<&str>, flags, None::<&str>).map_err(|error| failed(target, error))
    }

    /// Makes something to mount on.
    fn prepare(&self, target: &Path) -> io::Result<()> {
        if self.is_folder {
            return fs::create_dir_all(target);
        }
        target.parent().map(fs::create_dir_all).transpose()?;
        fs::File::create_new(target).map(drop)
    }
}

/// Puts an empty folder over one. Nobody but root can put anything into it.
fn cover(folder: &Path) -> Result<(), Error> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), folder, Some("tmpfs"), flags, Some("mode=0755,size=1m,nr_inodes=1k"))
        .map_err(|error| failed(folder, error))
}

/// What keeps the user from a path.
enum Obstacle {
    None,
    Missing,
    /// The first folder on the way that it cannot enter.
    Private(PathBuf),
}

fn first_obstacle(user: &Account, paths: &[PathBuf]) -> Result<Option<PathBuf>, Error> {
    for path in paths {
        match obstacle(user, path)? {
            Obstacle::None => {}
            Obstacle::Missing => return Err(failed(path, io::Error::from(io::ErrorKind::NotFound))),
            Obstacle::Private(folder) => return Ok(Some(folder)),
        }
    }
    Ok(None)
}

/// Asks the kernel, as the user: modes are not all that counts.
fn obstacle(user: &Account, path: &Path) -> Result<Obstacle, Error> {
    as_user(user, || {
        if fs::symlink_metadata(path).is_ok() && fs::metadata(path).is_ok() {
            return Obstacle::None;
        }
        let mut folders: Vec<&Path> = path.ancestors().skip(1).collect();
        folders.reverse();
        let denied = |folder: &&Path| {
            let looked = fs::metadata(folder.join("."));
            looked.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
        };
        match folders.into_iter().find(denied) {
            Some(folder) => Obstacle::Private(folder.to_owned()),
            None => Obstacle::Missing,
        }
    })
    .map_err(|error| failed(path, error))
}

fn as_user<T>(user: &Account, look: impl FnOnce() -> T) -> io::Result<T> {
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    let (own_user, own_group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    setgroups(&groups)?;
    setegid(Gid::from_raw(user.gid))?;
    seteuid(Uid::from_raw(user.uid))?;
    let seen = look();
    // Only root gets here, and root may always be root again.
    seteuid(own_user)?;
    setegid(own_group)?;
    Ok(seen)
}
