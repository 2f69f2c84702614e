//! The texts that a build's log has between the commands' output, exactly as CodeBuild writes them (reference 2.5).
//!
//! Pure. The agent writes the lines up to DOWNLOAD_SOURCE with these, the runner the rest.

use buildyard_buildspec::Buildspec;
use buildyard_model::{Phase, PhaseContext, PhaseStatus, Timestamp};
use time::OffsetDateTime;

/// `[Container] 2024/07/12 01:21:51.170731 <text>` and a line break.
pub fn log_line(time: Timestamp, text: &str) -> String {
    log_line_at(time.to_utc(), text)
}

/// The same with a time of microseconds; it must be UTC.
pub fn log_line_at(at: OffsetDateTime, text: &str) -> String {
    format!(
        "[Container] {:04}/{:02}/{:02} {:02}:{:02}:{:02}.{:06} {text}\n",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.microsecond()
    )
}

/// For each phase that is there but has no commands; these lines stand right behind `YAML location is …`.
pub fn empty_phases(buildspec: &Buildspec) -> Vec<String> {
    let empty = buildspec.phases.iter().filter(|spec| spec.commands.is_empty());
    empty.map(|spec| format!("No commands found for phase name: {}", spec.phase.name().to_lowercase())).collect()
}

/// `Phases found in YAML: 2` and a line for each of them, with its leading space.
pub fn phases_found(buildspec: &Buildspec) -> Vec<String> {
    let mut lines = vec![format!("Phases found in YAML: {}", buildspec.phases.len())];
    lines.extend(buildspec.phases.iter().map(|spec| format!(" {}: {} commands", spec.phase, spec.commands.len())));
    lines
}

/// Written when a phase of commands begins.
pub fn entering(phase: Phase) -> String {
    format!("Entering phase {phase}")
}

/// The two lines at a phase's end.
pub fn phase_complete(phase: Phase, status: PhaseStatus, context: &PhaseContext) -> [String; 2] {
    [
        format!("Phase complete: {phase} State: {status}"),
        format!("Phase context status code: {} Message: {}", context.status_code, context.message),
    ]
}

/// Written before a command's output.
pub fn running(command: &str) -> String {
    format!("Running command {command}")
}

/// Written behind the output of a command that failed. `reason` is `exit status 1` or a sentence.
pub fn unsuccessful(command: &str, reason: &str) -> String {
    format!("Command did not exit successfully {command} {reason}")
}

/// The context of a phase in which a command failed (reference 1.7).
pub fn command_failed(command: &str, reason: &str) -> PhaseContext {
    PhaseContext::new("COMMAND_EXECUTION_ERROR", format!("Error while executing command: {command}. Reason: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_carries_microseconds_in_utc() {
        let line = log_line(Timestamp(1_720_747_311_170), "Entering phase INSTALL");
        assert_eq!(line, "[Container] 2024/07/12 01:21:51.170000 Entering phase INSTALL\n");
    }

    #[test]
    fn a_phase_ends_with_two_lines() {
        let context = command_failed("npm ci", "exit status 1");
        assert_eq!(
            phase_complete(Phase::Install, PhaseStatus::Failed, &context),
            [
                "Phase complete: INSTALL State: FAILED",
                "Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: npm ci. \
                 Reason: exit status 1"
            ]
        );
        let [_, empty] = phase_complete(Phase::Build, PhaseStatus::Succeeded, &PhaseContext::default());
        assert_eq!(empty, "Phase context status code:  Message: ");
    }
}
