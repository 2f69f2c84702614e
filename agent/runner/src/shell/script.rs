//! The script of one command. Pure.
//!
//! Three lines stand before the user's first one, so that a shell's complaints name CodeBuild's line numbers
//! (`script.sh: line 4:`). The environment reaches the shell as its process environment, bytes and all; it is saved by
//! one of our own programs, which needs nothing of the image. The trap saves when the command says `exit`; the lines
//! behind the command save when the command has set a trap of its own.

use crate::environment::quoted;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The first positional parameter of a script that has saved its environment.
const SAVED: &str = "buildyard-saved";

/// How a command's environment is saved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Save<'a> {
    /// The program that does it.
    pub(super) program: &'a Path,
    /// Where it writes to.
    pub(super) descriptor: RawFd,
}

/// The whole text of `script.sh`. Without `save` nothing of the command's environment is kept.
pub(super) fn text(directory: &Path, command: &str, save: Option<Save<'_>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(command.len() + 1024);
    out.extend_from_slice(b"cd -- ");
    out.extend_from_slice(&quoted(directory.as_os_str().as_bytes()));
    out.extend_from_slice(b" || exit\n");
    let Some(save) = save.map(call) else {
        out.extend_from_slice(b":\n:\n");
        out.extend_from_slice(command.as_bytes());
        out.push(b'\n');
        return out;
    };
    out.extend_from_slice(b"trap ");
    out.extend_from_slice(&quoted(&trap(&save)));
    out.extend_from_slice(b" EXIT\nset -a\n");
    out.extend_from_slice(command.as_bytes());
    // The empty line takes a backslash at the command's end upon itself.
    out.extend_from_slice(format!("\n\n{{ set -- {SAVED} \"$?\"; set +x; ").as_bytes());
    out.extend_from_slice(&save);
    out.extend_from_slice(b"; } 2>/dev/null\nexit \"$2\"\n");
    out
}

fn trap(save: &[u8]) -> Vec<u8> {
    let mut out = format!("{{ case \"${{1-}}\" in {SAVED}) ;; *) set +x; ").into_bytes();
    out.extend_from_slice(save);
    out.extend_from_slice(b" ;; esac; } 2>/dev/null");
    out
}

fn call(save: Save<'_>) -> Vec<u8> {
    let mut out = quoted(save.program.as_os_str().as_bytes());
    out.extend_from_slice(format!(" {} \"${{PWD-}}\" || :", save.descriptor).as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_first_line_is_the_fourth() {
        let save = Save { program: Path::new("/it's/save"), descriptor: 99 };
        for save in [None, Some(save)] {
            let text = String::from_utf8(text(Path::new("/src"), "echo one\necho two", save)).unwrap();
            assert_eq!(text.lines().nth(3), Some("echo one"), "{text}");
            assert!(text.starts_with("cd -- '/src' || exit\n"));
        }
    }
}
