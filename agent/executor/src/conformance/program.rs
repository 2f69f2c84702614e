//! What sandboxes run in the suite: shell scripts where programs really run; the fake reads the same words.

use std::path::Path;

/// A program of the suite. Paths are relative to the trial's folder, which is also the working directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Program {
    /// Ends at once with this code.
    Exits(u8),
    /// Ends with 7 when asked to. Writes `ready` when it listens.
    ListensToStop,
    /// Does not listen to SIGTERM. Writes `ready` when it does not.
    IgnoresStop,
    /// A shell script; only where programs really run.
    Script(String),
}

impl Program {
    pub(crate) fn script(text: &str) -> Self {
        Self::Script(text.to_owned())
    }

    /// The script of each.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Exits(code) => format!("exit {code}"),
            Self::ListensToStop => "trap 'exit 7' TERM; : > ready; while :; do sleep 1 & wait; done".to_owned(),
            Self::IgnoresStop => "trap '' TERM; : > ready; while :; do sleep 1; done".to_owned(),
            Self::Script(text) => text.clone(),
        }
    }

    /// As a command of a shell, in the trial's folder.
    pub(crate) fn shell(&self, shell: &str, folder: &Path) -> Vec<String> {
        let script = format!("cd '{}' || exit 99; {}", folder.display(), self.text());
        vec![shell.to_owned(), "-c".to_owned(), script]
    }
}
