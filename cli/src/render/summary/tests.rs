use super::*;
use crate::sample;
use buildyard_model::{BuildStatus, PhaseContext, PhaseStatus};

#[test]
fn the_summary_of_a_good_build() {
    let text = of_build(Paint::PLAIN, &sample::finished_build());
    let expected = "\
PHASE             STATUS       DURATION
SUBMITTED         SUCCEEDED       0.0 s
QUEUED            SUCCEEDED       0.1 s
PROVISIONING      SUCCEEDED       0.6 s
DOWNLOAD_SOURCE   SUCCEEDED       1.2 s
INSTALL           SUCCEEDED       0.0 s
PRE_BUILD         SUCCEEDED       0.0 s
BUILD             SUCCEEDED  1 min 12 s
POST_BUILD        SUCCEEDED       0.5 s
UPLOAD_ARTIFACTS  SUCCEEDED       0.3 s
FINALIZING        SUCCEEDED       0.1 s

redis:00000000-0000-0000-0000-000000000007 SUCCEEDED in 1 min 14 s
artifact: s3://artifacts/redis/ (2 files, 6.1 MiB)
";
    assert_eq!(text, expected);
}

#[test]
fn a_failed_phase_says_why_on_its_own_line_only() {
    let mut view = sample::finished_build();
    view.build_status = BuildStatus::Failed;
    view.phases.truncate(7);
    view.phases[6].phase_status = Some(PhaseStatus::Failed);
    let message = "Error while executing command: make\x1b]52;c;eA==\x07. Reason: exit status 2";
    view.phases[6].contexts = vec![PhaseContext::new("COMMAND_EXECUTION_ERROR", message)];
    view.reason = Some("two\nlines".to_owned());
    let text = of_build(Paint::PLAIN, &view);
    assert!(text.contains(
        "BUILD            FAILED     1 min 12 s  COMMAND_EXECUTION_ERROR Error while executing command: make ]52;c;eA== . Reason: exit status 2\n"
    ), "{text}");
    assert!(text.contains("reason: two lines\n"), "{text}");
}

#[test]
fn a_running_phase_is_measured_to_now() {
    let start = Timestamp(1_000_000);
    let records = [PhaseRecord::begun(Phase::Build, start)];
    let text = phases(Paint::PLAIN, &records, Timestamp(1_004_200));
    assert!(text.contains("BUILD  IN_PROGRESS     4.2 s\n"), "{text}");
}
