//! Where folders go that nobody needs any more: moved there at once, deleted when there is time. Deleting a large
//! workspace can take long; a build's slot does not wait for it.

use std::fs;
use std::io;
use std::path::Path;
use uuid::Uuid;

/// Moves `path` into the trash. What is not there is gone already.
pub(super) fn move_to(trash: &Path, path: &Path) -> io::Result<()> {
    match fs::rename(path, trash.join(Uuid::new_v4().simple().to_string())) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Deletes what is in the trash; what cannot be deleted now stays for the next time.
pub(super) fn empty(trash: &Path) {
    let entries = match fs::read_dir(trash) {
        Ok(entries) => entries,
        Err(error) => return tracing::warn!(folder = %trash.display(), %error, "the trash cannot be read"),
    };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let deleted = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        // Two of these may run at once.
        if let Err(error) = deleted
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "a build's leftover cannot be deleted; it will be tried again");
        }
    }
}
