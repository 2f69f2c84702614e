//! Makes the workspace's own repository out of a mirror: objects and refs, without a working tree yet.
//!
//! All of the history is copied as the packs it lies in, which costs no computing; a few commits of it are fetched.

use super::Place;
use super::config_text::config_text;
use super::context::Context;
use super::failure::Failure;
use super::mirror::Brought;
use super::program::Call;
use super::remote::Remote;
use crate::error::Error;
use crate::fetcher::blocking;
use buildyard_artifacts::archive::tree;
use std::path::{Path, PathBuf};

/// Fills `place.git_directory`, which must not exist.
pub(super) async fn populate(
    context: &Context<'_>,
    brought: &Brought,
    remote: &Remote,
    depth: Option<u32>,
    place: &Place,
) -> Result<(), Error> {
    let work_tree =
        (place.git_directory != place.work_tree.join(".git")).then(|| relative(&place.git_directory, &place.work_tree));
    let config = config_text(remote.shown(), work_tree.as_deref());
    lay_out(&place.git_directory, &config).map_err(Error::file(&place.git_directory))?;
    let filled = match depth {
        Some(depth) => fetch_few(context, brought, depth, &place.git_directory).await,
        None => copy_all(context, brought, &place.git_directory).await,
    };
    filled.map_err(Failure::into_error)
}

/// What makes a directory a repository.
fn lay_out(git_directory: &Path, config: &str) -> std::io::Result<()> {
    for directory in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"] {
        std::fs::create_dir_all(git_directory.join(directory))?;
    }
    std::fs::write(git_directory.join("config"), config)?;
    std::fs::write(git_directory.join("HEAD"), "ref: refs/heads/main\n")
}

async fn fetch_few(context: &Context<'_>, brought: &Brought, depth: u32, git_directory: &Path) -> Result<(), Failure> {
    let refspec = match brought.reference.as_deref().and_then(workspace_ref) {
        Some(name) => format!("+{}:{name}", brought.commit),
        None => brought.commit.clone(),
    };
    let depth = format!("--depth={depth}");
    // The objects were checked when they came into the mirror.
    let arguments: [&str; 10] = [
        "-c",
        "fetch.fsckObjects=false",
        "-c",
        "transfer.fsckObjects=false",
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        &depth,
        "--",
    ];
    let mirror = brought.mirror.to_string_lossy();
    let arguments = arguments.into_iter().chain([mirror.as_ref(), refspec.as_str()]);
    context.git(Call::within(git_directory, arguments).reading_mirror()).await.map(drop)
}

async fn copy_all(context: &Context<'_>, brought: &Brought, git_directory: &Path) -> Result<(), Failure> {
    let format = "--format=%(objectname) %(refname)";
    let refs = context.git(Call::within(&brought.mirror, ["for-each-ref", format, "refs/heads", "refs/tags"])).await?;
    let packed = packed_refs(&String::from_utf8_lossy(&refs));
    std::fs::write(git_directory.join("packed-refs"), packed).map_err(Error::file(git_directory))?;
    for objects in ["objects/pack", "objects/info"] {
        let (from, into) = (brought.mirror.join(objects), git_directory.join(objects));
        blocking(move |cancel| Ok(tree::copy(&from, &into, cancel)?)).await?;
    }
    Ok(())
}

/// The mirror's branches become those of `origin`; tags stay tags.
fn packed_refs(listing: &str) -> String {
    let line = |line: &str| {
        let (id, name) = line.split_once(' ')?;
        Some(format!("{id} {}\n", workspace_ref(name)?))
    };
    listing.lines().filter_map(line).collect()
}

fn workspace_ref(name: &str) -> Option<String> {
    match name.strip_prefix("refs/heads/") {
        Some(branch) => Some(format!("refs/remotes/origin/{branch}")),
        None => name.starts_with("refs/tags/").then(|| name.to_owned()),
    }
}

/// The way from a directory to a path, both absolute and free of links and dots: it holds wherever the workspace is
/// mounted.
pub(super) fn relative(directory: &Path, path: &Path) -> PathBuf {
    let mut from = directory.components().peekable();
    let mut to = path.components().peekable();
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    from.map(|_| std::path::Component::ParentDir).chain(to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_become_those_of_origin() {
        assert_eq!(
            packed_refs("1 refs/heads/a/b\n2 refs/tags/v1\n3 refs/wanted/ref\n"),
            "1 refs/remotes/origin/a/b\n2 refs/tags/v1\n"
        );
    }

    #[test]
    fn relative_paths_hold_wherever_the_workspace_is_mounted() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).to_string_lossy().into_owned();
        assert_eq!(way("/w/.git/modules/a", "/w/lib/a"), "../../../lib/a");
        assert_eq!(way("/w/lib/a", "/w/.git/modules/a"), "../../.git/modules/a");
        assert_eq!(way("/w/.git/modules/a/modules/b", "/w/a/b"), "../../../../../a/b");
    }
}
