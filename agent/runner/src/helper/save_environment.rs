//! `buildyard-save-environment DESCRIPTOR DIRECTORY`: writes its own environment, and the directory it is in.

use crate::environment::Variables;
use crate::shell::Saved;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub(super) fn save(args: &[OsString]) -> super::Result {
    let [descriptor, logical] = args else { return Err("wants a descriptor and a directory".into()) };
    let descriptor: u32 = descriptor.to_str().and_then(|text| text.parse().ok()).ok_or("wants a descriptor")?;
    let directory = directory(Path::new(logical))?;
    let variables: Variables = std::env::vars_os().collect();
    let mut memory = OpenOptions::new().write(true).truncate(true).open(format!("/proc/self/fd/{descriptor}"))?;
    memory.write_all(&Saved { directory, variables }.encode())?;
    Ok(0)
}

/// The shell's own idea of the directory, links included, when it is right, or when the directory was removed: the
/// next command then fails with its name.
fn directory(logical: &Path) -> std::io::Result<PathBuf> {
    let here = fs::metadata(".")?;
    let right = |there: fs::Metadata| (there.dev(), there.ino()) == (here.dev(), here.ino());
    if logical.is_absolute() && fs::metadata(logical).is_ok_and(right) {
        return Ok(logical.to_owned());
    }
    std::env::current_dir().or_else(|error| if logical.is_absolute() { Ok(logical.to_owned()) } else { Err(error) })
}
