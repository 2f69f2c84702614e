//! What the command tells the shell. Owns the codes that scripts may rely on; `failure` maps errors to them.

use buildyard_model::BuildStatus;
use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command did what was asked; a followed build succeeded.
    Success,
    /// The followed build failed, timed out or was stopped.
    BuildFailed,
    /// The call itself was wrong: an argument, a name that does not exist.
    WrongCall,
    /// The engine, the coordinator or the connection to it failed.
    EngineFailed,
    /// The coordinator wants this agent no more: started again as it is, it ends again.
    Unwanted,
    /// The user left a build that goes on: the shell's code for an interrupt.
    Interrupted,
    /// Whoever read our output went away: the shell's code for a broken pipe, so that no pipeline takes it for success.
    OutputClosed,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::BuildFailed => 1,
            Self::WrongCall => 2,
            Self::EngineFailed => 3,
            Self::Unwanted => 4,
            Self::Interrupted => 130,
            Self::OutputClosed => 141,
        }
    }

    /// What a build's end means to whoever waited for it. A FAULT is ours, not the build's.
    pub(crate) fn of_build(status: BuildStatus) -> Self {
        match status {
            BuildStatus::Succeeded => Self::Success,
            BuildStatus::Failed | BuildStatus::TimedOut | BuildStatus::Stopped => Self::BuildFailed,
            BuildStatus::Fault => Self::EngineFailed,
            BuildStatus::InProgress => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_the_engines_and_a_failure_the_builds() {
        let code = |status| Exit::of_build(status).code();
        assert_eq!(code(BuildStatus::Succeeded), 0);
        assert_eq!(code(BuildStatus::Failed), 1);
        assert_eq!(code(BuildStatus::TimedOut), 1);
        assert_eq!(code(BuildStatus::Stopped), 1);
        assert_eq!(code(BuildStatus::Fault), 3);
    }
}
