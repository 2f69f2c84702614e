//! Where claims lie: a private folder of the user's, outside of what is cleared away by itself.

use crate::failure::Failure;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Every folder that may hold claims of this user, the best first.
pub(super) fn candidates() -> Vec<PathBuf> {
    of(|name| std::env::var_os(name).map(PathBuf::from), &std::env::temp_dir())
}

fn of(variable: impl Fn(&str) -> Option<PathBuf>, temporary: &Path) -> Vec<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    let own = fs::metadata("/proc/self").map(|own| own.uid()).unwrap_or_default();
    state
        .map(|state| state.join("buildyard/runs"))
        .into_iter()
        .chain([temporary.join(format!("buildyard-runs-{own}"))])
        .collect()
}

/// The first that can be written to, made if it is missing.
pub(super) fn writable() -> Result<PathBuf, Failure> {
    let mut last = None;
    for folder in candidates() {
        match open(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => last = Some(Failure::file("write to", &folder)(error)),
        }
    }
    Err(last.unwrap_or_else(|| Failure::service("there is no folder for this user's state")))
}

fn open(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if !is_private(folder) {
        return Err(io::Error::other("it belongs to another user, or others may write to it"));
    }
    tempfile::tempfile_in(folder).map(drop)
}

/// Whether nobody else can have put anything into it: claims are acted upon.
pub(super) fn is_private(folder: &Path) -> bool {
    let own = fs::metadata("/proc/self").map(|own| own.uid());
    let found = fs::symlink_metadata(folder);
    matches!((own, found), (Ok(own), Ok(found)) if found.is_dir() && found.uid() == own && found.mode() & 0o022 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_users_state_comes_first_and_a_host_without_homes_has_a_place_too() {
        let home = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/ada"));
        assert_eq!(of(home, Path::new("/tmp"))[0], Path::new("/home/ada/.local/state/buildyard/runs"));
        let both = |name: &str| Some(PathBuf::from(if name == "HOME" { "/home/ada" } else { "/state" }));
        assert_eq!(of(both, Path::new("/tmp"))[0], Path::new("/state/buildyard/runs"));
        let only = of(|_| None, Path::new("/tmp"));
        assert!(only.len() == 1 && only[0].starts_with("/tmp"), "{only:?}");
    }

    #[test]
    fn a_folder_that_others_write_to_or_a_link_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_private(folder.path()));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert!(!is_private(&link));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!is_private(folder.path()));
    }
}
