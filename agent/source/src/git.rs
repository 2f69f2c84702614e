//! Git sources: what is wanted is brought into a mirror kept on this host, and from there into the workspace.
//!
//! The workspace shares nothing with the mirror: no alternates, which would not resolve inside a container, and no
//! hard links, through which a build could write into the sources of the next one.

mod checkout;
mod config_text;
mod context;
mod failure;
mod mirror;
mod modules;
mod populate;
mod program;
mod progress;
mod redirect;
mod remote;
mod revision;
mod settings;
mod submodules;
mod version;

pub(crate) use context::Context;
pub(crate) use mirror::Mirrors;
pub(crate) use settings::prepare_state;
pub(crate) use version::check_version;

use crate::error::Error;
use failure::Failure;
use remote::Remote;
use revision::Wanted;
use std::path::{Path, PathBuf};

/// Above this, depth means all of the history (reference 4.1).
const DEEPEST: u32 = 25;

/// What is asked for.
pub(crate) struct Order<'a> {
    pub(crate) location: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) depth: u32,
    pub(crate) submodules: bool,
}

/// A repository with its files: where its `.git` is and where the files go.
pub(crate) struct Place {
    pub(crate) git_directory: PathBuf,
    pub(crate) work_tree: PathBuf,
}

/// Fetches and checks out, and answers the commit.
pub(crate) async fn fetch(
    context: &Context<'_>,
    mirrors: &Mirrors,
    order: &Order<'_>,
    into: &Path,
) -> Result<String, Error> {
    let remote = Remote::new(context.options, order.location, remote::Origin::Project).await?;
    let wanted = Wanted::parse(order.version);
    let depth = Some(order.depth).filter(|depth| (1..=DEEPEST).contains(depth));
    context.log(format!("Cloning {} ({wanted})", context.redactor.line(order.location)));
    let place = Place { git_directory: into.join(".git"), work_tree: into.to_owned() };
    let commit = repository(context, mirrors, &remote, &wanted, depth, &place).await?;
    if order.submodules {
        submodules::fetch_all(context, mirrors, &remote, depth, &commit, place).await?;
    }
    context.log(format!("Checked out commit {commit}"));
    Ok(commit)
}

/// One repository, without its submodules. A server that answers with a redirect is followed as far as it is allowed.
async fn repository(
    context: &Context<'_>,
    mirrors: &Mirrors,
    remote: &Remote,
    wanted: &Wanted,
    depth: Option<u32>,
    place: &Place,
) -> Result<String, Error> {
    let first = mirror::bring(context, mirrors, remote, wanted, depth).await;
    let brought = match first {
        Err(failure) if failure.is_redirect() => {
            let moved = redirect::follow(context, remote).await?;
            context.log(format!("{} has moved to {}", remote.shown(), moved.shown()));
            mirror::bring(context, mirrors, &moved, wanted, depth).await
        }
        first => first,
    };
    let brought = brought.map_err(Failure::into_error)?;
    populate::populate(context, &brought, remote, depth, place).await?;
    let commit = brought.commit;
    drop(brought.hold);
    checkout::checkout(context, place, &commit).await?;
    Ok(commit)
}

#[cfg(test)]
mod tests;
