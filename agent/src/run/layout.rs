//! Where the parts of a build lie as its runner sees them: at CodeBuild's paths in a container, at the host's own on
//! the host.

use crate::folder::Folder;
use buildyard_executor::Mount;
use std::path::{Path, PathBuf};

/// The runner's view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Holds the sources: CodeBuild's `/codebuild/output`.
    pub output: PathBuf,
    pub control: PathBuf,
    pub binary: PathBuf,
    /// Where it begins, and where an inline buildspec lies.
    pub readonly: PathBuf,
    /// Holds the secrets' file.
    pub secrets: PathBuf,
    /// The runner's own.
    pub state: PathBuf,
    pub in_container: bool,
}

impl Layout {
    /// In a container.
    pub(crate) fn container() -> Self {
        Self {
            output: "/codebuild/output".into(),
            control: "/codebuild/buildyard/control".into(),
            binary: "/codebuild/buildyard/bin/buildyard".into(),
            readonly: "/codebuild/readonly".into(),
            secrets: "/codebuild/buildyard/secrets".into(),
            state: "/codebuild/output/tmp".into(),
            in_container: true,
        }
    }

    /// On the host.
    pub(crate) fn host(folder: &Folder, binary: &Path) -> Self {
        Self {
            output: folder.workspace(),
            control: folder.control(),
            binary: binary.to_owned(),
            readonly: folder.readonly(),
            secrets: folder.memory().to_owned(),
            // Saved variables may hold secrets: they lie in memory too.
            state: folder.memory().join("state"),
            in_container: false,
        }
    }

    /// What a container needs mounted for this to be true.
    pub(crate) fn mounts(&self, folder: &Folder, binary: &Path) -> Vec<Mount> {
        if !self.in_container {
            return Vec::new();
        }
        let mount = |host: PathBuf, inside: &Path, read_only| Mount { host, inside: inside.to_owned(), read_only };
        vec![
            mount(folder.workspace(), &self.output, false),
            mount(folder.control(), &self.control, false),
            mount(folder.readonly(), &self.readonly, true),
            mount(folder.memory().to_owned(), &self.secrets, false),
            mount(binary.to_owned(), &self.binary, true),
        ]
    }

    /// Folders in memory inside the container.
    pub(crate) fn tmpfs(&self) -> Vec<PathBuf> {
        if self.in_container { vec![self.state.clone()] } else { Vec::new() }
    }

    /// The home that builds have; on the host the executor gives one.
    pub(crate) fn home(&self) -> Option<&'static str> {
        self.in_container.then_some("/root")
    }
}
