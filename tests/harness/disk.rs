//! A small disk of a test's own, to be filled up: a file system in memory.

use nix::sys::statvfs::statvfs;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted disk; unmounted when dropped.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Whether this process may mount one. Says so where it may not.
    pub fn is_possible() -> bool {
        let root = nix::unistd::geteuid().is_root();
        if !root {
            eprintln!("skipped: a disk of the test's own can only be mounted by root");
        }
        root
    }

    /// Mounts `mib` MiB at `path`, for this user only.
    pub(crate) fn mount(path: &Path, mib: u64) -> Self {
        std::fs::create_dir_all(path).expect("the mount point is made");
        let options = format!("size={mib}m,mode=700");
        let out = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "buildyard-test"]).arg(path).output();
        let out = out.expect("mount runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        Self { path: path.to_owned() }
    }

    /// Takes all of the room that is left. Gives it back when the ballast is dropped.
    pub fn fill(&self) -> Ballast {
        let path = self.path.join("ballast");
        let mut file = File::create_new(&path).expect("the ballast is made");
        loop {
            match file.write(&[0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ballast { path },
                Err(error) => panic!("the ballast cannot be written: {error}"),
            }
        }
    }

    /// What is left, in bytes.
    pub fn free_bytes(&self) -> u64 {
        let disk = statvfs(&self.path).expect("the disk is there");
        disk.blocks_available() * disk.fragment_size()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whatever still has a file open there loses it later; the test's folder can be removed at once.
        let _ = Command::new("umount").arg("--lazy").arg(&self.path).output();
    }
}

/// A file that is there for its length.
#[derive(Debug)]
pub struct Ballast {
    path: PathBuf,
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
