//! Writes the files of a commit. HEAD is detached, as CodeBuild leaves it (reference 4.2).

use super::Place;
use super::context::Context;
use super::failure::Failure;
use super::program::Call;
use crate::error::Error;
use std::ffi::OsString;

/// Checks a commit out into the place's empty working tree.
pub(super) async fn checkout(context: &Context<'_>, place: &Place, commit: &str) -> Result<(), Error> {
    let mut work_tree = OsString::from("--work-tree=");
    work_tree.push(&place.work_tree);
    let command = ["checkout", "--quiet", "--detach", "--force", "--end-of-options", commit, "--"];
    let arguments = std::iter::once(work_tree).chain(command.map(OsString::from));
    context.git(Call::within(&place.git_directory, arguments)).await.map(drop).map_err(Failure::into_error)
}
