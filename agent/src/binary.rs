//! The agent's own copy of the `buildyard` program, which builds get to run as their runner: an upgrade replaces
//! the program on disk, and the builds that run go on with the one they began with.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Puts `program` at `<data_dir>/bin/<key>/buildyard`, by hard link where the file system can, and gives that path.
/// The key is the file's identity (size, time, inode), so that nothing has to be read.
pub(crate) fn keep(program: &Path, data_dir: &Path) -> io::Result<PathBuf> {
    let facts = std::fs::metadata(program)?;
    let time = facts.mtime().wrapping_mul(1_000_000_000).wrapping_add(facts.mtime_nsec());
    let directory = data_dir.join("bin").join(format!("{:x}-{time:x}-{:x}", facts.size(), facts.ino()));
    let kept = directory.join("buildyard");
    if kept.is_file() {
        return Ok(kept);
    }
    std::fs::create_dir_all(&directory)?;
    let fresh = directory.join(".fresh");
    remove_if_there(&fresh)?;
    // A running program cannot be written to in place (ETXTBSY), so a link to it stays what it is.
    if std::fs::hard_link(program, &fresh).is_err() {
        std::fs::copy(program, &fresh)?;
        std::fs::set_permissions(&fresh, PermissionsExt::from_mode(0o555))?;
    }
    std::fs::rename(&fresh, &kept)?;
    Ok(kept)
}

/// Removes every copy but `kept`. Only for when no build of an earlier process is left.
pub(crate) fn forget_others(kept: &Path, data_dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(data_dir.join("bin"))? {
        let directory = entry?.path();
        if !kept.starts_with(&directory) {
            std::fs::remove_dir_all(directory)?;
        }
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_leaves_the_kept_program_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("program");
        let install = |text: &str| {
            std::fs::write(directory.path().join("new"), text).unwrap();
            std::fs::rename(directory.path().join("new"), &program).unwrap();
        };
        install("one");
        let first = keep(&program, directory.path()).unwrap();
        assert_eq!(keep(&program, directory.path()).unwrap(), first, "kept once");
        install("second");
        let second = keep(&program, directory.path()).unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(&second).unwrap(), "second");
        forget_others(&second, directory.path()).unwrap();
        assert!(second.is_file() && !first.exists());
    }
}
