//! `--executor`: where builds run.

use clap::ValueEnum;

/// A place to run builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ExecutorArgument {
    /// Containers of the Docker engine.
    #[default]
    Docker,
    /// Containers of Podman.
    Podman,
    /// Child processes of the agent: quick, and isolated from nothing.
    Host,
}
