use super::*;
use buildyard_model::{PhaseContext, PhaseStatus, Timestamp};

fn started(phase: Phase, at: i64) -> Event {
    Event::PhaseStarted { phase, time: Timestamp(at) }
}

fn ended(phase: Phase, status: PhaseStatus, at: i64) -> Event {
    Event::PhaseEnded { phase, status, context: PhaseContext::default(), time: Timestamp(at) }
}

fn after_download() -> Projection {
    let mut ledger = Ledger::default();
    ledger.begin(Phase::Provisioning, Timestamp(0));
    ledger.end(Phase::Provisioning, PhaseStatus::Succeeded, PhaseContext::default(), Timestamp(10));
    ledger.begin(Phase::DownloadSource, Timestamp(12));
    ledger.end(Phase::DownloadSource, PhaseStatus::Succeeded, PhaseContext::default(), Timestamp(20));
    Projection::behind(ledger)
}

fn lines(projection: &Projection) -> Vec<String> {
    let line = |record: &buildyard_model::PhaseRecord| {
        let end = record.end_time.map_or("-".to_owned(), |end| end.0.to_string());
        let status = record.phase_status.map_or("-", PhaseStatus::name);
        format!("{} {status} {}..{end}", record.phase_type, record.start_time.0)
    };
    projection.phases.records().iter().map(line).collect()
}

#[test]
fn phases_follow_one_another_to_the_millisecond() {
    let mut projection = after_download();
    for event in [
        started(Phase::Install, 23),
        ended(Phase::Install, PhaseStatus::Succeeded, 30),
        Event::CommandsStarted,
        started(Phase::Build, 31),
    ] {
        assert!(projection.apply(event));
    }
    assert_eq!(
        lines(&projection),
        [
            "PROVISIONING SUCCEEDED 0..10",
            "DOWNLOAD_SOURCE SUCCEEDED 10..20",
            "INSTALL SUCCEEDED 20..30",
            "BUILD - 30..-",
        ]
    );
    assert!(projection.commands_started);
}

#[test]
fn events_that_cannot_be_true_change_nothing() {
    let mut projection = after_download();
    projection.apply(started(Phase::Build, 25));
    let before = lines(&projection);
    for event in [
        started(Phase::Install, 26),
        started(Phase::PostBuild, 26),
        started(Phase::Completed, 26),
        started(Phase::Submitted, 26),
        ended(Phase::Install, PhaseStatus::Succeeded, 26),
        ended(Phase::DownloadSource, PhaseStatus::Failed, 26),
    ] {
        assert!(!projection.apply(event));
    }
    assert_eq!(lines(&projection), before);
}

#[test]
fn time_never_runs_backward() {
    let mut projection = after_download();
    projection.apply(started(Phase::Build, -500));
    projection.apply(ended(Phase::Build, PhaseStatus::Succeeded, -400));
    assert_eq!(lines(&projection)[2], "BUILD SUCCEEDED 20..20");
}

#[test]
fn nothing_counts_after_the_verdict() {
    let mut projection = after_download();
    projection.apply(Event::Finished { failed: true, retry_limit: 4_000_000 });
    assert_eq!(projection.verdict, Some(Verdict { failed: true, retry_limit: 100 }));
    assert!(!projection.apply(started(Phase::Build, 25)));
    projection.apply(Event::Finished { failed: false, retry_limit: 0 });
    assert!(projection.verdict.unwrap().failed);
}

#[test]
fn what_a_build_can_make_the_agent_keep_is_bounded() {
    let mut projection = after_download();
    let big = |name: &str| (name.to_owned(), "x".repeat(1_500_000));
    projection.apply(Event::Exported { variables: vec![big("A"), big("B")] });
    assert_eq!(projection.exported.len(), 1);
    for n in 0..100 {
        projection.apply(Event::Packed(PackedArtifact {
            identifier: Some(format!("a{n}")),
            name: None,
            s3_prefix: None,
            files: 0,
            list: String::new(),
            sha256sum: String::new(),
            md5sum: String::new(),
        }));
    }
    assert_eq!(projection.packed.len(), ARTIFACTS);
    projection.apply(started(Phase::Build, 25));
    let context = PhaseContext::new("X".repeat(1000), "é".repeat(100_000));
    projection.apply(Event::PhaseEnded {
        phase: Phase::Build,
        status: PhaseStatus::Failed,
        context,
        time: Timestamp(26),
    });
    let kept = &projection.phases.records()[2].contexts[0];
    assert!(kept.message.len() <= MESSAGE_BYTES && kept.status_code.len() == 128);
}
