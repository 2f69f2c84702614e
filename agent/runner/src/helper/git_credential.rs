//! `buildyard-git-credential FILE get|store|erase`: git's credential helper for the build's own sources.

use crate::git::{GitCredential, answer};
use std::ffi::OsString;
use std::io::{self, Read, Write};

/// Git asks in a few short lines.
const QUESTION_BYTES: u64 = 64 << 10;

/// Answers `get`; there is nothing to store or to erase.
pub(super) fn run(args: &[OsString]) -> super::Result {
    let [file, operation] = args else { return Err("wants a file and an operation".into()) };
    if operation != "get" {
        return Ok(0);
    }
    let mut question = String::new();
    io::stdin().take(QUESTION_BYTES).read_to_string(&mut question)?;
    // The parser's message could quote a password.
    let credentials: Vec<GitCredential> =
        serde_json::from_slice(&std::fs::read(file)?).map_err(|_| "the credentials cannot be read")?;
    if let Some(found) = answer(&question, &credentials) {
        writeln!(io::stdout(), "username={}\npassword={}", found.username, found.password.expose())?;
    }
    Ok(0)
}
