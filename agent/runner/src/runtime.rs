//! `runtime-versions`: the recipes that an image brings along, and which of them a buildspec asks for (reference 1.6).
//! Pure; the commands are run by [`crate::phases`].

mod choose;
mod file;

pub(crate) use choose::choose;
pub(crate) use file::parse;

/// Where AWS's images keep their recipes.
pub(crate) const FILE: &str = "/codebuild/image/config/runtimes.yml";
