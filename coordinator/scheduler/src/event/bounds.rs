//! How much an agent may say about a build: what is longer is shortened with a marker, what is too much is left out.
//! Pure; the one place for these limits. Nothing is refused, because an agent repeats what it is not acknowledged for,
//! and the build's result would never arrive.
//!
//! Invariant: a build's record stays below about 3 MiB, whatever its agent says.

use super::{Event, Report};
use buildyard_model::{ArtifactRecord, Phase, PhaseContext, PhaseRecord};

/// Texts for people: the messages of phases, reasons. In bytes.
const MESSAGE: usize = 4096;
/// Names, codes, digests, versions. In bytes.
const NAME: usize = 512;
/// Contexts of one phase; CodeBuild's have one (reference 1.7).
const CONTEXTS: usize = 8;
/// Records of phases in one message: each phase once.
const PHASES: usize = Phase::ALL.len();
/// Exported variables.
const EXPORTED: usize = 200;
/// Value of an exported variable, in bytes.
const VALUE: usize = 8192;
/// Artifacts: the primary one and 12 secondary ones (reference 6.1).
const ARTIFACTS: usize = 13;
/// A key in S3, in bytes (Amazon S3, "Object key names").
const KEY: usize = 1024;
const MARKER: &str = "… (shortened)";

impl Event {
    /// The event with what an agent says kept within the limits.
    pub fn bounded(self) -> Self {
        match self {
            Self::Decline { token, reason } => Self::Decline { token, reason: shorten(reason, MESSAGE) },
            Self::Progress { token, phases, commands_started, image_digest, resolved_source_version } => {
                Self::Progress {
                    token,
                    phases: bounded_phases(phases),
                    commands_started,
                    image_digest: image_digest.map(|text| shorten(text, NAME)),
                    resolved_source_version: resolved_source_version.map(|text| shorten(text, NAME)),
                }
            }
            Self::Finish { token, report } => Self::Finish { token, report: report.bounded() },
            Self::Lease { .. }
            | Self::Accept { .. }
            | Self::OfferExpired
            | Self::Withdraw { .. }
            | Self::Stop
            | Self::StopExpired
            | Self::Lost { .. }
            | Self::QueueTimeout => self,
        }
    }
}

impl Report {
    fn bounded(self) -> Self {
        let exported = self.exported.into_iter().take(EXPORTED);
        Self {
            phases: bounded_phases(self.phases),
            exported: exported.map(|(name, value)| (shorten(name, NAME), shorten(value, VALUE))).collect(),
            artifacts: self.artifacts.into_iter().filter(is_sane).take(ARTIFACTS).collect(),
            reason: self.reason.map(|text| shorten(text, MESSAGE)),
            ..self
        }
    }
}

fn bounded_phases(phases: Vec<PhaseRecord>) -> Vec<PhaseRecord> {
    let bounded = |mut record: PhaseRecord| {
        record.contexts.truncate(CONTEXTS);
        for context in &mut record.contexts {
            let PhaseContext { status_code, message } = std::mem::take(context);
            *context = PhaseContext { status_code: shorten(status_code, NAME), message: shorten(message, MESSAGE) };
        }
        record
    };
    phases.into_iter().take(PHASES).map(bounded).collect()
}

/// Whether the record can be one of something stored: half a key would name something else.
fn is_sane(record: &ArtifactRecord) -> bool {
    let names = [record.artifact_identifier.as_deref().unwrap_or_default(), &record.bucket];
    let sums = [&record.sha256sum, &record.md5sum];
    record.key.len() <= KEY && names.iter().all(|name| name.len() <= NAME) && sums.iter().all(|sum| sum.len() <= 64)
}

/// The text, or its beginning with a marker: at most `most` bytes together.
pub fn shorten(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most.saturating_sub(MARKER.len())));
        text.push_str(MARKER);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use buildyard_model::{Outcome, Packaging, PhaseStatus};

    fn artifact(key: String) -> ArtifactRecord {
        ArtifactRecord {
            artifact_identifier: None,
            bucket: "artifacts".to_owned(),
            key,
            packaging: Packaging::None,
            files: 1,
            size_bytes: 1,
            sha256sum: String::new(),
            md5sum: String::new(),
        }
    }

    fn finish(report: Report) -> Report {
        let token = sample::token(&sample::running());
        match (Event::Finish { token, report }).bounded() {
            Event::Finish { report, .. } => report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_within_the_limits_is_not_touched() {
        let mut report = sample::report(Outcome::Failed);
        report.phases = vec![sample::record(Phase::Build, 1, Some((2, PhaseStatus::Failed)))];
        report.phases[0].contexts[0].message = "é".repeat(MESSAGE / 2);
        report.exported = vec![("NAME".to_owned(), "v".repeat(VALUE))];
        report.artifacts = vec![artifact("k".repeat(KEY))];
        report.reason = Some("r".repeat(MESSAGE));
        assert_eq!(finish(report.clone()), report);
    }

    #[test]
    fn what_is_too_long_ends_with_a_marker_and_what_is_too_much_is_left_out() {
        let mut report = sample::report(Outcome::Failed);
        let mut record = sample::record(Phase::Build, 1, Some((2, PhaseStatus::Failed)));
        record.contexts = vec![PhaseContext::new("c".repeat(NAME + 1), "é".repeat(MESSAGE)); CONTEXTS + 1];
        report.phases = vec![record; PHASES + 1];
        report.exported = (0..EXPORTED + 1).map(|number| (format!("N{number}"), "v".repeat(VALUE + 1))).collect();
        report.artifacts = (0..20).map(|_| artifact("k".to_owned())).collect();
        report.artifacts.insert(0, artifact("k".repeat(KEY + 1)));
        report.reason = Some("r".repeat(1 << 20));
        let bounded = finish(report);
        assert_eq!((bounded.phases.len(), bounded.phases[0].contexts.len()), (PHASES, CONTEXTS));
        assert_eq!((bounded.exported.len(), bounded.artifacts.len()), (EXPORTED, ARTIFACTS));
        assert!(bounded.artifacts.iter().all(|record| record.key == "k"), "half a key names something else");
        let context = &bounded.phases[0].contexts[0];
        for (text, most) in [
            (&context.message, MESSAGE),
            (&context.status_code, NAME),
            (&bounded.exported[0].1, VALUE),
            (bounded.reason.as_ref().unwrap(), MESSAGE),
        ] {
            assert!(text.len() <= most && text.ends_with(MARKER), "{} of {most}", text.len());
        }
    }

    #[test]
    fn the_largest_record_stays_small() {
        let mut report = sample::report(Outcome::Succeeded);
        let mut record = sample::record(Phase::Build, 1, Some((2, PhaseStatus::Failed)));
        record.contexts = vec![PhaseContext::new("c".repeat(NAME * 2), "m".repeat(MESSAGE * 2)); CONTEXTS * 2];
        report.phases = vec![record; PHASES * 2];
        report.exported = vec![("n".repeat(NAME * 2), "v".repeat(VALUE * 2)); EXPORTED * 2];
        report.artifacts = vec![artifact("k".repeat(KEY)); 100];
        let bounded = finish(report);
        let bytes = format!("{bounded:?}").len();
        assert!(bytes < 3 << 20, "{bytes}");
    }
}
