//! A build's artifacts into a folder: a few at a time, each whole or not at all. Object names come from the build,
//! so none may lead out of the folder.

use crate::failure::Failure;
use crate::transfer;
use buildyard_proto::v1::list_artifacts_reply::Object;
use futures::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Component, Path, PathBuf};

const AT_ONCE: usize = 4;

/// Fetches all objects; the answer is where each one is.
pub(crate) async fn all(objects: &[Object], folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let places: Vec<PathBuf> = objects.iter().map(|object| place(folder, &object.path)).collect::<Result<_, _>>()?;
    tokio::fs::create_dir_all(folder).await.map_err(Failure::file("create", folder))?;
    let client = transfer::client()?;
    let bar = ProgressBar::new(objects.iter().map(|object| object.size_bytes).sum()).with_style(bar_style());
    let transfers = objects.iter().zip(&places).map(|(object, place)| one(&client, object, place, &bar));
    let done = futures::stream::iter(transfers).buffer_unordered(AT_ONCE).try_collect::<()>().await;
    bar.finish_and_clear();
    done.map(|()| places)
}

async fn one(client: &reqwest::Client, object: &Object, place: &Path, bar: &ProgressBar) -> Result<(), Failure> {
    if let Some(parent) = place.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(Failure::file("create", parent))?;
    }
    transfer::get(client, &object.url, place, object.size_bytes, bar).await
}

/// Where an object goes.
fn place(folder: &Path, path: &str) -> Result<PathBuf, Failure> {
    let inside = !path.is_empty()
        && !path.contains('\0')
        && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)));
    if inside {
        Ok(folder.join(path))
    } else {
        Err(Failure::service(format!("artifact {path:?} is refused: it would leave {}", folder.display())))
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
        assert_eq!(place(folder, "bin/app").unwrap(), folder.join("bin/app"));
        for bad in ["", "/etc/passwd", "../x", "a/../../x", "a\0b"] {
            assert!(place(folder, bad).is_err(), "{bad:?}");
        }
    }
}
