//! A directory whose contents are not trusted: files in it are opened, made and read without ever leaving it.
//!
//! Resolution is the kernel's (`openat2` with `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`), so there is no moment between
//! a check and its use. Where that call is missing or forbidden (old kernels, some sandboxes) the path is walked name
//! by name with `O_NOFOLLOW`, which gives the same promise.

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

/// Retries of the kernel's "something was renamed meanwhile" before the slower walk is taken.
const RACES: usize = 16;

/// An open directory, and everything beneath it.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
}

impl Root {
    /// Opens a directory. The path itself is trusted and may lead through symbolic links.
    ///
    /// # Errors
    /// When it is missing, not a directory or may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { directory: rustix::fs::open(path, flags, Mode::empty())? })
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// Anything that leads out of the root, through a link, or to something that is not a regular file.
    pub fn read(&self, path: &Path) -> io::Result<File> {
        // NONBLOCK: opening a named pipe must not wait for somebody to write to it.
        let file = self.resolve(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())?;
        let file = File::from(file);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
        }
    }

    /// Makes a new file for reading and writing; its directory must exist. What exists already is never opened.
    ///
    /// # Errors
    /// `AlreadyExists`, or anything that leads out of the root.
    pub fn create(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        self.resolve(path, flags, Mode::RUSR | Mode::WUSR).map(File::from)
    }

    /// Opens a directory beneath this one as a root of its own.
    ///
    /// # Errors
    /// Anything that leads out of the root or through a link.
    pub fn directory(&self, path: &Path) -> io::Result<Self> {
        if path.as_os_str().is_empty() {
            return Ok(Self { directory: self.directory.try_clone()? });
        }
        let directory = self.resolve(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        Ok(Self { directory })
    }

    /// Makes a directory and those above it that are missing, with mode 0755 less the process's umask.
    ///
    /// # Errors
    /// When something else than a directory is in the way.
    pub fn create_directories(&self, path: &Path) -> io::Result<()> {
        match self.directory(path) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let parent = path.parent().unwrap_or(Path::new(""));
        self.create_directories(parent)?;
        let name = path.file_name().ok_or(Errno::INVAL)?;
        match rustix::fs::mkdirat(&self.directory(parent)?, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => self.directory(path).map(drop),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a symbolic link; its directory must exist. Where it points to is the caller's to judge.
    ///
    /// # Errors
    /// `AlreadyExists`, or anything that leads out of the root.
    pub fn symlink(&self, target: &OsStr, path: &Path) -> io::Result<()> {
        let (parent, name) = self.parent_of(path)?;
        Ok(rustix::fs::symlinkat(target, &parent, name)?)
    }

    /// Moves a file beneath the root. A file at the new name is replaced.
    ///
    /// # Errors
    /// Anything that leads out of the root, or what the file system says.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_parent, from_name) = self.parent_of(from)?;
        let (to_parent, to_name) = self.parent_of(to)?;
        Ok(rustix::fs::renameat(&from_parent, from_name, &to_parent, to_name)?)
    }

    /// Removes a file or link.
    ///
    /// # Errors
    /// Anything that leads out of the root, or what the file system says.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        let (parent, name) = self.parent_of(path)?;
        Ok(rustix::fs::unlinkat(&parent, name, AtFlags::empty())?)
    }

    fn parent_of<'a>(&self, path: &'a Path) -> io::Result<(Self, &'a OsStr)> {
        let name = path.file_name().ok_or(Errno::INVAL)?;
        Ok((self.directory(path.parent().unwrap_or(Path::new("")))?, name))
    }

    fn resolve(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..RACES {
            match rustix::fs::openat2(&self.directory, path, flags | OFlags::CLOEXEC, mode, how) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                // Missing before Linux 5.6; seccomp filters answer EPERM.
                Err(Errno::NOSYS | Errno::PERM) => break,
                answer => return Ok(answer?),
            }
        }
        self.walk(path, flags, mode)
    }

    /// The same as `openat2` beneath the root, one name at a time.
    fn walk(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let mut names = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(Errno::XDEV.into()),
            }
        }
        let last = names.pop().ok_or(Errno::INVAL)?;
        let mut directory = self.directory.try_clone()?;
        for name in names {
            directory = step(&directory, name, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
        }
        step(&directory, last, flags, mode)
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

fn step(directory: &OwnedFd, name: &OsStr, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(directory, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::fs::symlink;

    /// Both ways of resolving must refuse and allow the same.
    fn both_ways(root: &Root, path: &str) -> [bool; 2] {
        let path = Path::new(path);
        [root.read(path).is_ok(), root.walk(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).is_ok()]
    }

    #[test]
    fn nothing_outside_the_root_can_be_read() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(base.path().join("root/sub")).unwrap();
        std::fs::write(base.path().join("secret"), "s").unwrap();
        std::fs::write(base.path().join("root/sub/file"), "f").unwrap();
        symlink(base.path().join("secret"), base.path().join("root/absolute")).unwrap();
        symlink("../secret", base.path().join("root/relative")).unwrap();
        symlink("sub", base.path().join("root/directory")).unwrap();
        let root = Root::open(&base.path().join("root")).unwrap();
        assert_eq!(both_ways(&root, "sub/file"), [true, true]);
        assert_eq!(both_ways(&root, "./sub/./file"), [true, true]);
        for path in ["../secret", "sub/../../secret", "/etc/passwd", "absolute", "relative", "directory/file", ""] {
            assert_eq!(both_ways(&root, path), [false, false], "{path:?}");
        }
    }

    #[test]
    fn only_regular_files_can_be_read() {
        let base = tempfile::tempdir().unwrap();
        let pipe = base.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let root = Root::open(base.path()).unwrap();
        assert!(root.read(Path::new("pipe")).is_err());
        assert!(root.read(Path::new(".")).is_err());
    }

    #[test]
    fn files_are_made_in_new_directories_and_never_replaced_or_written_through_a_link() {
        let base = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), base.path().join("link")).unwrap();
        let root = Root::open(base.path()).unwrap();
        root.create_directories(Path::new("a/b")).unwrap();
        root.create(Path::new("a/b/c")).unwrap().write_all(b"x").unwrap();
        assert_eq!(root.create(Path::new("a/b/c")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(root.create(Path::new("link/x")).is_err());
        assert!(root.create_directories(Path::new("link/x")).is_err());
        root.rename(Path::new("a/b/c"), Path::new("a/d")).unwrap();
        let mut text = String::new();
        root.read(Path::new("a/d")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
        assert!(outside.path().read_dir().unwrap().next().is_none());
    }
}
