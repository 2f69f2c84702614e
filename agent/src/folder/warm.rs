//! The folders of a warm container, and how a build takes them over: they are moved into the lease's folder, under the
//! mounts that the container has of them. From then on the folder is as any other.

use super::{Builds, Folder, MOUNTED, make_private, trash};
use std::fs;
use std::io;

impl Builds {
    /// Makes the folders for a warm container, whose name must be new.
    pub(crate) fn make_warm(&self, name: &str) -> io::Result<Folder> {
        let folder = Folder { path: self.warm.join(name), trash: self.trash.clone(), memory: self.memory.join(name) };
        make_private(&folder.path)?;
        let made = MOUNTED.iter().try_for_each(|part| fs::create_dir(folder.path.join(part)));
        if let Err(error) = made.and_then(|()| folder.make_memory()) {
            let _ = folder.discard();
            return Err(error);
        }
        Ok(folder)
    }

    /// Throws away what an earlier process had for warm containers. In memory it is what no lease keeps.
    pub(crate) fn forget_warm(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.warm)? {
            trash::move_to(&self.trash, &entry?.path())?;
        }
        Ok(())
    }
}

impl Folder {
    /// Takes over a warm container's folders; this one's must be empty. When it fails, this folder can be used as it is,
    /// the other not any more.
    pub(crate) fn take_over(&self, warm: &Self) -> io::Result<()> {
        for part in MOUNTED {
            // Over an empty folder, or not at all.
            fs::rename(warm.path.join(part), self.path.join(part))?;
        }
        self.discard_memory()?;
        fs::rename(&warm.memory, &self.memory)?;
        warm.discard()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::{job, lease};

    #[test]
    fn a_build_works_in_the_folders_that_its_warm_container_has_mounted() {
        let directory = tempfile::tempdir().unwrap();
        let builds = Builds::open(directory.path(), directory.path().join("memory")).unwrap();
        let warm = builds.make_warm("warm-1").unwrap();
        let mounted = fs::File::open(warm.control()).unwrap();
        let secrets = fs::File::open(warm.memory()).unwrap();
        let lease = lease(1, 1);
        let folder = builds.create(&lease, &job(&lease)).unwrap();
        folder.take_over(&warm).unwrap();
        fs::write(folder.draft(), "{}").unwrap();
        folder.hand_over_plan().unwrap();
        folder.hand_over_plan().unwrap();
        fs::write(folder.memory().join("secrets.json"), "{}").unwrap();
        let names = |folder: &fs::File| {
            let opened = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(folder));
            let names = fs::read_dir(opened).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<Vec<_>>()
        };
        assert_eq!((names(&mounted), names(&secrets)), (vec!["plan.json".to_owned()], vec!["secrets.json".to_owned()]));
        assert_eq!(fs::read_dir(directory.path().join("warm")).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_in_use_is_not_exchanged() {
        let directory = tempfile::tempdir().unwrap();
        let builds = Builds::open(directory.path(), directory.path().join("memory")).unwrap();
        let warm = builds.make_warm("warm-1").unwrap();
        let lease = lease(1, 1);
        let folder = builds.create(&lease, &job(&lease)).unwrap();
        fs::write(folder.workspace().join("file"), "mine").unwrap();
        assert!(folder.take_over(&warm).is_err());
        assert_eq!(fs::read_to_string(folder.workspace().join("file")).unwrap(), "mine");
        assert!(folder.control().is_dir() && folder.readonly().is_dir());
        builds.forget_warm().unwrap();
        assert_eq!(fs::read_dir(directory.path().join("warm")).unwrap().count(), 0);
    }
}
