//! Colour where somebody sees it.

use anstyle::{AnsiColor, Style};
use buildyard_model::{AgentStatus, BuildStatus, PhaseStatus};

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint(bool);

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Busy,
    Quiet,
    Strong,
}

impl Paint {
    /// Never.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self(false);

    /// For a stream that is a terminal or not; `NO_COLOR` is obeyed.
    pub(crate) fn of_stream(is_terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(is_terminal && !refused)
    }

    /// The text in its tone.
    pub(crate) fn text(self, tone: Tone, text: &str) -> String {
        if !self.0 {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Busy => AnsiColor::Cyan.on_default(),
            Tone::Quiet => Style::new().dimmed(),
            Tone::Strong => Style::new().bold(),
        };
        format!("{style}{text}{style:#}")
    }
}

impl From<BuildStatus> for Tone {
    fn from(status: BuildStatus) -> Self {
        match status {
            BuildStatus::Succeeded => Self::Good,
            BuildStatus::InProgress => Self::Busy,
            BuildStatus::Failed | BuildStatus::Fault | BuildStatus::TimedOut | BuildStatus::Stopped => Self::Bad,
        }
    }
}

impl From<PhaseStatus> for Tone {
    fn from(status: PhaseStatus) -> Self {
        if status == PhaseStatus::Succeeded { Self::Good } else { Self::Bad }
    }
}

impl From<AgentStatus> for Tone {
    fn from(status: AgentStatus) -> Self {
        match status {
            AgentStatus::Online => Self::Good,
            AgentStatus::Draining | AgentStatus::Cordoned => Self::Busy,
            AgentStatus::Unhealthy | AgentStatus::Offline => Self::Bad,
        }
    }
}
