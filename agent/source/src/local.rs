//! Sources that are directories of this host.

use crate::error::Error;
use crate::fetcher::{Log, blocking};
use buildyard_artifacts::archive::tree;
use std::path::{Path, PathBuf};

/// Copies a directory into the workspace.
pub(crate) async fn fetch(path: &str, allowed: &[PathBuf], into: &Path, log: &Log<'_>) -> Result<(), Error> {
    let from = allowed_path(path, allowed)?;
    let into = into.to_owned();
    let copied = blocking(move |cancel| Ok(tree::copy(&from, &into, cancel)?)).await?;
    for note in copied.notes {
        log(note);
    }
    log(format!("Copied {} files ({} bytes) from {path}", copied.files, copied.bytes));
    Ok(())
}

/// The real path of a directory, if it lies beneath one that is allowed. Links are followed before that is judged.
pub(crate) fn allowed_path(path: &str, allowed: &[PathBuf]) -> Result<PathBuf, Error> {
    let real = Path::new(path).canonicalize().map_err(Error::file(path))?;
    let is_beneath = |allowed: &PathBuf| allowed.canonicalize().is_ok_and(|allowed| real.starts_with(allowed));
    if !allowed.iter().any(is_beneath) {
        let reason = format!("{path:?} lies beneath none of its allowed local paths");
        return Err(Error::NotAllowed(reason));
    }
    if real.is_dir() { Ok(real) } else { Err(Error::NotAllowed(format!("{path:?} is not a directory"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_must_really_lie_beneath_an_allowed_one() {
        let base = tempfile::tempdir().unwrap();
        let (mine, other) = (base.path().join("mine"), base.path().join("mine-too"));
        std::fs::create_dir_all(mine.join("project")).unwrap();
        std::fs::create_dir_all(&other).unwrap();
        std::fs::write(mine.join("file"), "").unwrap();
        symlink(&other, mine.join("way-out")).unwrap();
        symlink(mine.join("project"), other.join("way-in")).unwrap();
        let allowed = [mine.clone()];
        let judge = |path: PathBuf| allowed_path(path.to_str().unwrap(), &allowed);
        assert!(judge(mine.join("project")).is_ok());
        assert!(judge(mine.clone()).is_ok());
        assert!(judge(other.join("way-in")).is_ok());
        assert!(matches!(judge(other.clone()), Err(Error::NotAllowed(_))));
        assert!(matches!(judge(mine.join("way-out")), Err(Error::NotAllowed(_))));
        assert!(matches!(judge(mine.join("file")), Err(Error::NotAllowed(_))));
        assert!(matches!(judge(mine.join("missing")), Err(Error::File { .. })));
        assert!(matches!(allowed_path("/etc", &[]), Err(Error::NotAllowed(_))));
    }
}
