//! Lets a `run-as` user into the build's source.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use walkdir::WalkDir;

/// Lets every user read, and run what may be run, below `source` and enter the folders above it up to `top`; owners
/// stay. Folders above `top` are not the build's: coming through them is [`crate::reach`]'s. With `write`, for a
/// container that the build has to itself, folders and files may be written, too. Best effort: what cannot be changed
/// shows as the command's own "permission denied".
pub(crate) fn open_tree(source: &Path, top: &Path, write: bool) {
    for folder in source.ancestors().skip(1).take_while(|folder| folder.starts_with(top)) {
        widen(folder, 0o001);
    }
    for entry in WalkDir::new(source).into_iter().filter_map(Result::ok) {
        let kind = entry.file_type();
        if !kind.is_dir() && !kind.is_file() {
            continue;
        }
        let mode = entry.metadata().map_or(0, |metadata| metadata.permissions().mode());
        let runs = kind.is_dir() || mode & 0o111 != 0;
        widen(entry.path(), 0o004 | if runs { 0o001 } else { 0 } | if write { 0o002 } else { 0 });
    }
}

fn widen(path: &Path, bits: u32) {
    let Ok(metadata) = fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & bits != bits {
        let _ = fs::set_permissions(path, Permissions::from_mode(mode | bits));
    }
}
