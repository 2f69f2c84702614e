//! A build's artifacts into a folder: many at a time, each whole or not at all, the next page of them asked for while one
//! is fetched. Object names come from the build, so none may lead out of the folder and no two into one file. Memory holds
//! a few pages and the files under way, however many there are.

use crate::failure::Failure;
use crate::transfer;
use buildyard_proto::v1::list_artifacts_reply::Object;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Component, Path, PathBuf};

/// A small file is mostly waiting: for its answer, and for the disk.
const AT_ONCE: usize = 32;

/// What was fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

/// Fetches all objects of `pages` and tells of each one where it is, in the order in which they are done.
pub(crate) async fn all(
    pages: impl Stream<Item = Result<Vec<Object>, Failure>>,
    folder: &Path,
    mut tell: impl FnMut(&Object, &Path) -> Result<(), Failure>,
) -> Result<Fetched, Failure> {
    tokio::fs::create_dir_all(folder).await.map_err(Failure::file("create", folder))?;
    let client = transfer::client()?;
    let bar = ProgressBar::new(0).with_style(bar_style());
    let mut places = Places::new(folder);
    let objects = pages.map_ok(|page| stream::iter(page).map(Ok)).try_flatten();
    let fetches =
        objects.map(|object: Result<Object, Failure>| {
            let object = object?;
            let place = places.of(&object.path)?;
            bar.inc_length(object.size_bytes);
            let (client, bar) = (&client, &bar);
            Ok(async move {
                transfer::get(client, &object.url, &place, object.size_bytes, bar).await.map(|()| (object, place))
            })
        });
    let mut done = std::pin::pin!(fetches.try_buffer_unordered(AT_ONCE));
    let mut fetched = Fetched::default();
    let ended = async {
        while let Some((object, place)) = done.try_next().await? {
            fetched = Fetched { files: fetched.files + 1, bytes: fetched.bytes + object.size_bytes };
            tell(&object, &place)?;
        }
        Ok(fetched)
    };
    let ended = ended.await;
    bar.finish_and_clear();
    ended
}

/// Gives every object a place of its own in the folder.
struct Places<'a> {
    folder: &'a Path,
    /// Of the paths given out so far: eight bytes for each instead of the path.
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl<'a> Places<'a> {
    fn new(folder: &'a Path) -> Self {
        Self { folder, hashes: HashSet::new(), hasher: RandomState::new() }
    }

    fn of(&mut self, path: &str) -> Result<PathBuf, Failure> {
        let inside = !path.is_empty()
            && !path.contains('\0')
            && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)));
        if !inside {
            let folder = self.folder.display();
            return Err(Failure::service(format!("artifact {path:?} is refused: it would leave {folder}")));
        }
        let place = self.folder.join(path);
        if self.hashes.insert(self.hasher.hash_one(&place)) {
            return Ok(place);
        }
        Err(Failure::service(format!(
            "two artifacts would be {}: a secondary artifact has the name of a folder of the primary one; fetch them from their buckets",
            place.display()
        )))
    }
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("fetching {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_cannot_leave_the_folder() {
        let folder = Path::new("/tmp/out");
        let mut places = Places::new(folder);
        assert_eq!(places.of("bin/app").unwrap(), folder.join("bin/app"));
        for bad in ["", "/etc/passwd", "../x", "a/../../x", "a\0b"] {
            assert!(places.of(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn two_objects_cannot_become_one_file() {
        let mut places = Places::new(Path::new("/tmp/out"));
        places.of("docs/a").unwrap();
        places.of("docs/b").unwrap();
        for same in ["docs/a", "docs//a"] {
            assert!(
                places.of(same).unwrap_err().to_string().contains("two artifacts would be /tmp/out/docs"),
                "{same}"
            );
        }
    }
}
