//! A mirror that was made for a clone that has not succeeded yet: it goes again with whatever ends the clone, so that
//! a wrong URL or password leaves nothing behind.

use super::leftovers::remove_all;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Removes the mirror when it is dropped before the first fetch into it has succeeded. To be dropped while the mirror
/// is held alone.
#[derive(Debug)]
pub(super) struct Fresh {
    mirror: PathBuf,
    empty: AtomicBool,
}

impl Fresh {
    pub(super) fn of(mirror: &Path) -> Self {
        Self { mirror: mirror.to_owned(), empty: AtomicBool::new(false) }
    }

    /// The mirror was made just now.
    pub(super) fn made(&self) {
        self.empty.store(true, Ordering::Relaxed);
    }

    /// A fetch has succeeded: the mirror is worth keeping.
    pub(super) fn filled(&self) {
        self.empty.store(false, Ordering::Relaxed);
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.empty.load(Ordering::Relaxed) {
            return;
        }
        // Out of sight first: git that was just killed may still be writing a last file. The next to make this mirror
        // clears what is left under that name.
        let scratch = self.mirror.with_extension("new");
        let removed = remove_all(&scratch).and_then(|()| match std::fs::rename(&self.mirror, &scratch) {
            Ok(()) => remove_all(&scratch),
            Err(error) => Err(crate::Error::file(&self.mirror)(error)),
        });
        if let Err(error) = removed {
            tracing::warn!(mirror = %self.mirror.display(), %error, "the mirror of a failed clone could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mirror_that_was_made_and_never_filled_goes() {
        let directory = tempfile::tempdir().unwrap();
        for (name, made, filled, stays) in
            [("a", false, false, true), ("b", true, false, false), ("c", true, true, true)]
        {
            let mirror = directory.path().join(format!("{name}.full.git"));
            std::fs::create_dir_all(mirror.join("objects/pack")).unwrap();
            let fresh = Fresh::of(&mirror);
            if made {
                fresh.made();
            }
            if filled {
                fresh.filled();
            }
            drop(fresh);
            assert_eq!(mirror.exists(), stays, "{name}");
        }
        assert_eq!(directory.path().read_dir().unwrap().count(), 2);
    }
}
