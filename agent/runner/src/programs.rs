//! The helper programs that a build finds on `PATH` (reference 1.11), and some of our own: links to this binary, which
//! looks at the name it was called by.

use crate::failure::Failure;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Where CodeBuild keeps them.
const IN_CONTAINER: &str = "/codebuild/user/bin";

/// For builds.
const PUBLIC: [&str; 4] = ["codebuild-breakpoint", "codebuild-glob-search", "codebuild-hash-files", "codebuild-resume"];
/// Saves a command's environment.
pub(crate) const SAVE_ENVIRONMENT: &str = "buildyard-save-environment";
/// Becomes another user.
pub(crate) const RUN_AS: &str = "buildyard-run-as";

/// Git's way to the sources' credentials.
pub(crate) const GIT_CREDENTIAL: &str = "buildyard-git-credential";

/// Where the programs lie.
#[derive(Debug)]
pub(crate) struct Programs {
    /// The last entry of `PATH`.
    pub(crate) directory: PathBuf,
    own: PathBuf,
    binary: PathBuf,
}

impl Programs {
    /// Makes the links to `binary`: for the build in /codebuild where we may write there, ours in the state directory.
    pub(crate) fn install(binary: &Path, state: &Path, in_container: bool) -> Result<Self, Failure> {
        let own = state.join("bin");
        links(binary, &own, &[SAVE_ENVIRONMENT, RUN_AS, GIT_CREDENTIAL])
            .map_err(|error| Failure::state(own.display(), error))?;
        let usual = PathBuf::from(IN_CONTAINER);
        if in_container && links(binary, &usual, &PUBLIC).is_ok() {
            return Ok(Self { directory: usual, own, binary: binary.to_owned() });
        }
        links(binary, &own, &PUBLIC).map_err(|error| Failure::state(own.display(), error))?;
        Ok(Self { directory: own.clone(), own, binary: binary.to_owned() })
    }

    pub(crate) fn save_environment(&self) -> PathBuf {
        self.own.join(SAVE_ENVIRONMENT)
    }

    pub(crate) fn git_credential(&self) -> PathBuf {
        self.own.join(GIT_CREDENTIAL)
    }

    /// What all of them are links to.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    pub(crate) fn run_as(&self) -> PathBuf {
        self.own.join(RUN_AS)
    }
}

fn links(binary: &Path, folder: &Path, names: &[&str]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    // Whatever the umask: users other than root run these, too.
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for name in names {
        match symlink(binary, folder.join(name)) {
            // The image may bring programs of these names along; the build's own choice stands.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
