//! The agent tells how far it is. Implies Accept, so that a lost acceptance costs nothing.

use super::{Transition, accept, history};
use crate::build::Build;
use buildyard_model::{PhaseRecord, Timestamp};

/// What `Event::Progress` carries beside its lease.
pub(super) struct Report {
    pub(super) phases: Vec<PhaseRecord>,
    pub(super) commands_started: bool,
    pub(super) image_digest: Option<String>,
    pub(super) resolved_source_version: Option<String>,
}

pub(super) fn apply(build: &mut Build, report: Report, now: Timestamp) -> Transition {
    let effects = accept::apply(build, now)?;
    build.commands_started |= report.commands_started || reaches_commands(&report.phases);
    build.image_digest = report.image_digest.or(build.image_digest.take());
    build.resolved_source_version = report.resolved_source_version.or(build.resolved_source_version.take());
    history::merge(&mut build.phases, report.phases, now);
    Ok(effects)
}

/// A phase of commands that was entered may have run one before its next report got through.
pub(super) fn reaches_commands(phases: &[PhaseRecord]) -> bool {
    phases.iter().any(|record| record.phase_type.has_commands())
}
