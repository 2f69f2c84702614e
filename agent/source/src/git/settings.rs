//! Git's settings on this host: the only configuration file that git reads here, and an empty home.
//!
//! They hold for every process git starts, so nothing that a repository brings along can turn a hook, a helper, a
//! filter or another transport on.

use crate::error::Error;
use crate::options::Options;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// `transfer.fsckObjects` refuses objects that exploit old bugs. These three are mere slips of early git versions that
/// well-known repositories contain.
const SETTINGS: &str = "\
# Written by buildyard; changes are overwritten.
[core]
	hooksPath = /dev/null
	fsmonitor = false
	untrackedCache = false
	askPass =
	protectNTFS = true
	protectHFS = true
[transfer]
	fsckObjects = true
	bundleURI = false
[fetch]
	fsckObjects = true
	recurseSubmodules = false
	unpackLimit = 1
	writeCommitGraph = false
[fetch \"fsck\"]
	badTimezone = ignore
	missingSpaceBeforeDate = ignore
	zeroPaddedFilemode = ignore
[submodule]
	recurse = false
	fetchJobs = 1
[protocol]
	allow = never
	version = 2
[protocol \"ext\"]
	allow = never
[http]
	followRedirects = false
	lowSpeedLimit = 1000
	lowSpeedTime = 60
	emptyAuth = false
[credential]
	helper =
[uploadpack]
	allowAnySHA1InWant = true
[gc]
	auto = 0
[maintenance]
	auto = false
[checkout]
	workers = 0
[advice]
	detachedHead = false
[init]
	defaultBranch = main
[gpg]
	program = /bin/false
";

/// The settings file.
pub(crate) fn file(state: &Path) -> PathBuf {
    state.join("gitconfig")
}

/// A home without any file.
pub(crate) fn home(state: &Path) -> PathBuf {
    state.join("home")
}

/// Makes the state directory and what it always holds.
pub(crate) fn prepare_state(options: &Options) -> Result<(), Error> {
    let state = &options.state;
    for directory in [state.clone(), state.join("mirrors"), state.join("tmp"), home(state)] {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(Error::file(&directory))?;
    }
    std::fs::set_permissions(home(state), PermissionsExt::from_mode(0o500)).map_err(Error::file(home(state)))?;
    // Another fetch may be reading the file: it is replaced, not rewritten.
    let replace = || {
        let mut new = tempfile::NamedTempFile::new_in(state)?;
        new.write_all(SETTINGS.as_bytes())?;
        new.persist(file(state)).map_err(|error| error.error)
    };
    replace().map(drop).map_err(Error::file(file(state)))
}
